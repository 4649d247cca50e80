// One spelling for every path (RFC 3986 §6.2.2), used for routing, authorisation, limits and forwarding. Pure.
//
// Percent-encoded unreserved characters are decoded, all other escapes get upper-case digits. What two programs
// could read differently is refused, not repaired: dot segments in any spelling, empty segments (a trailing '/' is
// fine), `;` parameters, encoded '/', '\', ';' and '%' (double encoding), control characters, segments ending in a
// dot or a space, octets that are not UTF-8 (S-62).
#pragma once

#include <cstddef>
#include <expected>
#include <string_view>

namespace gatehouse::http {

// Rewrites `path` in place and returns its canonical length (never longer), or a machine-readable reason.
[[nodiscard]] std::expected<std::size_t, std::string_view> canonicalise_path(char* path, std::size_t size);

// A query holds visible ASCII without `"`, `<`, `>`, `\`, `#`, and well-formed escapes. It is not decoded.
[[nodiscard]] bool is_valid_query(std::string_view query);

}  // namespace gatehouse::http
