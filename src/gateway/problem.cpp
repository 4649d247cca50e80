#include "gateway/problem.h"

#include <algorithm>

#include "json/writer.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t errors_max = 32;  // nobody reads more

// Reasons whose status says more than their code does.
struct Exception {
  std::string_view reason;
  int status;
};
constexpr Exception exceptions[] = {
    {"idempotency_key_reused", 422}, {"challenge_expired", 410},      {"challenge_used", 410},
    {"challenge_exhausted", 410},    {"version_mismatch", 412},       {"unsupported_media_type", 415},
    {"method_not_allowed", 405},     {"body_too_large", 413},         {"too_many_identifiers", 409},
};

int status_of_code(Code code) {
  switch (code) {
    case Code::invalid_argument: return 400;
    case Code::unauthenticated: return 401;
    case Code::permission_denied: return 403;
    case Code::not_found: return 404;
    case Code::already_exists: return 409;
    case Code::aborted: return 409;
    case Code::failed_precondition: return 409;
    case Code::resource_exhausted: return 429;
    case Code::out_of_range: return 400;
    case Code::cancelled: return 499;
    case Code::unimplemented: return 501;
    case Code::unavailable: return 503;
    case Code::deadline_exceeded: return 504;
    case Code::unknown:
    case Code::internal:
    case Code::data_loss: return 500;
  }
  return 500;
}

// "username_taken" → "Username taken": the same for every occurrence of a type, as RFC 9457 §3.1.3 asks.
std::string title_of(std::string_view reason) {
  std::string title(reason);
  std::ranges::replace(title, '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 32);
  return title;
}

void write_fields(json::Writer& json, const std::vector<FieldError>& fields) {
  json.key("errors").begin_array();
  for (std::size_t i = 0; i < std::min(fields.size(), errors_max); ++i) {
    json.begin_object().field("field", fields[i].field).field("code", fields[i].code);
    json.field("message", fields[i].message).end_object();
  }
  json.end_array();
}

std::string challenge_for(const Error& error) {
  if (error.reason == "service_unauthenticated") return "ServiceKey";
  const bool has_token_error = error.reason.starts_with("token_") && error.reason != "token_missing";
  const bool is_about_token = has_token_error || error.reason == "session_revoked";
  return is_about_token ? R"(Bearer error="invalid_token")" : "Bearer";
}

}  // namespace

int status_of(const Error& error) {
  for (const auto& exception : exceptions)
    if (error.reason == exception.reason) return exception.status;
  if (error.code == Code::invalid_argument && !error.fields.empty()) return 422;
  return status_of_code(error.code);
}

http::Response make_problem(const Error& error, std::string_view instance, std::string_view correlation_id) {
  return make_problem(status_of(error), error, instance, correlation_id);
}

http::Response make_problem(int status, const Error& error, std::string_view instance,
                            std::string_view correlation_id) {
  const bool is_ours = status == 500;
  const std::string_view code = is_ours ? "internal" : std::string_view(error.reason);
  const auto title = title_of(code);
  std::string_view detail = error.message;
  if (is_ours) detail = "Something went wrong on our side.";
  if (detail.empty()) detail = title;

  http::Response response;
  response.status = status;
  response.content_type = problem_content_type;
  response.body.reserve(384);
  json::Writer json(response.body);
  json.begin_object().field("type", std::string("/problems/").append(code)).field("title", title);
  json.field("status", static_cast<std::int64_t>(status)).field("detail", detail);
  if (!instance.empty()) json.field("instance", instance);
  json.field("code", code).field("correlation_id", correlation_id);
  if (!error.fields.empty() && !is_ours) write_fields(json, error.fields);
  json.end_object();

  if (error.retry_after_ms > 0 || status == 503) {
    const auto seconds = std::max((error.retry_after_ms + 999) / 1000, 1U);
    response.with("retry-after", std::to_string(seconds));
  }
  if (status == 401) response.with("www-authenticate", challenge_for(error));
  return response;
}

}  // namespace gatehouse::gateway
