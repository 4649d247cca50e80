// Conditional requests (RFC 9110 §13): entity tags, If-None-Match for reading, If-Match for changing. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"

namespace gatehouse::gateway {

// "v3"
[[nodiscard]] std::string etag_of_version(std::int64_t version);
// Of a document named by its octets.
[[nodiscard]] std::string etag_of_content(std::string_view body);

// Whether what the client has, by weak comparison, is what `etag` names.
[[nodiscard]] bool has_current(const http::Request& request, std::string_view etag);

// What If-Match asks for, by strong comparison.
struct VersionCondition {
  bool is_any = true;                  // no header, or *
  std::vector<std::int64_t> versions;  // those a change may start from; tags that are none of ours are left out
  [[nodiscard]] bool holds_for(std::int64_t version) const;
};
// INVALID_ARGUMENT malformed_header.
[[nodiscard]] Result<VersionCondition> version_condition(const http::Request& request);

[[nodiscard]] std::unexpected<Error> version_mismatch();

}  // namespace gatehouse::gateway
