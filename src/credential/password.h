// What a password must be, and the one form of it that is ever hashed. Pure functions; any thread.
//
// The checks stand in the order of their cost: octets, UTF-8 and NFC, code points, the person's own words, strength.
// There are no composition rules (NIST SP 800-63B-4 §3.1.1.2): a password is refused for its length or because it
// would be guessed, never for the classes of its characters.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"

namespace gatehouse::credential {

// NFC of what was typed, nothing trimmed, folded or cut; NUL and spaces are data.
// INVALID_ARGUMENT password_too_long (more than password_bytes_max octets), password_malformed (not UTF-8),
// both with `field`.
[[nodiscard]] Result<SecretString> normalize_password(const SecretString& typed, std::string_view field);

// The Unicode version that normalize_password() works by; stored beside each hash.
[[nodiscard]] std::string_view normalization_version();

struct PasswordRules {
  std::size_t length_min = limits::password_chars_min;  // code points; never below password_chars_min
  std::span<const std::string> user_words;              // username, e-mail: not to be contained in the password
  std::string_view field = "password";                  // what errors call it
};

// Whether a normalized password may be set. At most a millisecond or two of CPU, whatever the input.
// INVALID_ARGUMENT password_too_short, password_too_long, password_blocked.
[[nodiscard]] Done check_password(const SecretString& password, const PasswordRules& rules);

}  // namespace gatehouse::credential
