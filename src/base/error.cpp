#include "base/error.h"

namespace gatehouse {

std::string_view name_of(Code code) {
  switch (code) {
    case Code::cancelled: return "cancelled";
    case Code::unknown: return "unknown";
    case Code::invalid_argument: return "invalid_argument";
    case Code::deadline_exceeded: return "deadline_exceeded";
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::permission_denied: return "permission_denied";
    case Code::resource_exhausted: return "resource_exhausted";
    case Code::failed_precondition: return "failed_precondition";
    case Code::aborted: return "aborted";
    case Code::out_of_range: return "out_of_range";
    case Code::unimplemented: return "unimplemented";
    case Code::internal: return "internal";
    case Code::unavailable: return "unavailable";
    case Code::data_loss: return "data_loss";
    case Code::unauthenticated: return "unauthenticated";
  }
  return "unknown";
}

std::unexpected<Error> fail(Code code, std::string_view reason, std::string_view message,
                            std::string_view detail) {
  Error error;
  error.code = code;
  error.reason = reason;
  error.message = message;
  error.detail = detail;
  return std::unexpected<Error>(std::move(error));
}

std::unexpected<Error> invalid_field(std::string_view field, std::string_view reason,
                                     std::string_view message) {
  auto failed = fail(Code::invalid_argument, reason, message);
  failed.error().fields.push_back({std::string(field), std::string(reason), std::string(message)});
  return failed;
}

std::unexpected<Error> not_found(std::string_view reason, std::string_view message) {
  return fail(Code::not_found, reason, message);
}

std::unexpected<Error> conflict(std::string_view reason, std::string_view message) {
  return fail(Code::already_exists, reason, message);
}

std::unexpected<Error> internal(std::string_view detail) {
  return fail(Code::internal, "internal", "Something went wrong on our side.", detail);
}

std::unexpected<Error> unavailable(std::string_view reason, std::string_view detail,
                                   std::uint32_t retry_after_ms) {
  auto failed = fail(Code::unavailable, reason, "The service cannot do this now. Try again shortly.", detail);
  failed.error().retry_after_ms = retry_after_ms;
  return failed;
}

}  // namespace gatehouse
