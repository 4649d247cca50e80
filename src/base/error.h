// What can go wrong, as a value. Every fallible function returns Result<T>.
//
// An Error says four things: a canonical code (gRPC's names, so that one table maps it to HTTP and one
// to gRPC), a stable machine-readable reason (`username_taken`), a message that is safe to show to the
// caller, and private detail for the log that must never reach the caller. Plain value, any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse {

// The canonical codes of gRPC (google.rpc.Code), without `ok`: an Error is never a success.
enum class Code : std::uint8_t {
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16,
};

[[nodiscard]] std::string_view name_of(Code code);

// One invalid field of a request body: `field` is a JSON path without a leading dot ("username").
struct FieldError {
  std::string field;
  std::string code;
  std::string message;
};

struct [[nodiscard]] Error {
  Code code = Code::internal;
  std::string reason = "internal";  // snake_case, stable, part of the API contract
  std::string message;              // safe for the caller; one sentence
  std::string detail;               // for the log only; never a secret
  std::vector<FieldError> fields;   // set when several fields are invalid
  std::uint32_t retry_after_ms = 0; // > 0: when trying again makes sense
};

template <class T>
using Result = std::expected<T, Error>;
using Done = Result<void>;

// Builders for the common codes, so that a call site reads as a sentence.
[[nodiscard]] std::unexpected<Error> fail(Code code, std::string_view reason, std::string_view message,
                                          std::string_view detail = {});
[[nodiscard]] std::unexpected<Error> invalid_field(std::string_view field, std::string_view reason,
                                                   std::string_view message);
[[nodiscard]] std::unexpected<Error> not_found(std::string_view reason, std::string_view message);
[[nodiscard]] std::unexpected<Error> conflict(std::string_view reason, std::string_view message);
[[nodiscard]] std::unexpected<Error> internal(std::string_view detail);
[[nodiscard]] std::unexpected<Error> unavailable(std::string_view reason, std::string_view detail,
                                                 std::uint32_t retry_after_ms = 1000);

// Passes the error of one Result on as another's: `if (!user) co_return pass(user);`
template <class T>
[[nodiscard]] std::unexpected<Error> pass(Result<T>& result) {
  return std::unexpected<Error>(std::move(result).error());
}
template <class T>
[[nodiscard]] std::unexpected<Error> pass(const Result<T>& result) {
  return std::unexpected<Error>(result.error());
}

}  // namespace gatehouse
