// What the server knows about characters and field names (RFC 9110 §5, RFC 9112 §5). Pure functions, any thread.
//
// This is the one place that lists the fields which may stand once only, the fields that the gateway asserts
// towards the services behind it, and the fields that a request may not carry at all.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace gatehouse::http {

// Lower-case form of a token character (RFC 9110 §5.6.2), 0 for every other octet.
extern const std::array<char, 256> token_lower;

[[nodiscard]] inline char lower_token_char(char c) { return token_lower[static_cast<unsigned char>(c)]; }

enum class FieldKind : std::uint8_t {
  ordinary,
  once,             // a second one is refused
  host,             // the kinds from here on frame the request and are read by the parser
  content_length,
  transfer_encoding,
  expect,
  connection,       // may be repeated
  method_override,  // refused: S-64
};

struct FieldClass {
  FieldKind kind = FieldKind::ordinary;
  std::uint64_t bit = 0;  // one bit per field that may stand once, to notice the second
};

[[nodiscard]] FieldClass classify_field(std::string_view lower_case_name);

// A field that the gateway sets towards services, so that a client's own copy must not get through:
// x-user-id, x-session-id, x-roles, x-service-auth, x-correlation-id, traceparent, x-internal-*, x-forwarded-*, ….
[[nodiscard]] bool is_asserted_field(std::string_view lower_case_name);

// True for a name which is not itself an asserted or framing field but becomes one in a server that takes '_', '.' and
// the other punctuation of tokens for '-' (CGI, WSGI and their kin): x_user_id, x.user.id, content_length. S-58.
[[nodiscard]] bool is_alias_of_guarded_field(std::string_view lower_case_name);

// host [ ":" port ] with an ASCII name, an IPv4 or a bracketed IPv6 address; never empty, no user information.
[[nodiscard]] bool is_valid_host(std::string_view value);

// No control characters but HTAB. Octets above 0x7f are opaque and allowed.
[[nodiscard]] bool is_valid_field_value(std::string_view value);

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

// `list` is a comma-separated list of tokens (RFC 9110 §5.6.1); compares without regard to case.
[[nodiscard]] bool list_contains(std::string_view list, std::string_view lower_case_token);

// Without leading and trailing SP and HTAB.
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace gatehouse::http
