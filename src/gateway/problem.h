// Error → HTTP: the one table, and the body it gets (RFC 9457, application/problem+json). Pure; any thread.
#pragma once

#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace gatehouse::gateway {

inline constexpr std::string_view problem_content_type = "application/problem+json";

[[nodiscard]] int status_of(const Error& error);

// `instance` is the request's path, empty (and left out) when its request line was not understood. Private detail is left out; of a
// fault of ours (500) nothing is said but that it is one. Sets Retry-After, WWW-Authenticate and no-store.
[[nodiscard]] http::Response make_problem(const Error& error, std::string_view instance,
                                          std::string_view correlation_id);
[[nodiscard]] http::Response make_problem(int status, const Error& error, std::string_view instance,
                                          std::string_view correlation_id);

}  // namespace gatehouse::gateway
