#include "app/problem_text.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>

#include "json/member.h"
#include "json/reader.h"

namespace gatehouse::app {
namespace {

Code code_of(int status) {
  switch (status) {
    case 401: return Code::unauthenticated;
    case 403: return Code::permission_denied;
    case 404: return Code::not_found;
    case 409: return Code::already_exists;
    case 429: return Code::resource_exhausted;
    case 503: return Code::unavailable;
    default: return status < 500 ? Code::invalid_argument : Code::internal;
  }
}

}  // namespace

Error error_of(const ClientResponse& response) {
  Error error{.code = code_of(response.status),
              .reason = "failed",
              .message = fmt::format("the answer was {}", response.status)};
  const auto problem = json::read_object(response.body);
  if (!problem) return error;
  if (auto code = json::text_of(*problem, "code"); !code.empty()) error.reason = code;
  const auto detail = json::text_of(*problem, "detail");
  const auto title = json::text_of(*problem, "title");
  if (!detail.empty() || !title.empty()) error.message = detail.empty() ? title : detail;
  if (const auto* errors = problem->if_contains("errors"); errors && errors->is_array())
    for (const auto& one : errors->get_array())
      if (one.is_object())
        error.fields.push_back({json::text_of(one.get_object(), "field"), json::text_of(one.get_object(), "code"),
                                json::text_of(one.get_object(), "message")});
  return error;
}

}  // namespace gatehouse::app
