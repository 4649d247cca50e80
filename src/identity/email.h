// E-mail addresses: which are accepted, and which two are the same. Pure; any thread.
//
// The local part is an ASCII dot-atom (RFC 5322 §3.2.3; no quoted strings, no comments), the domain at least two
// labels, of any script by IDNA 2008 (UTS #46, non-transitional) and kept in its ASCII form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gatehouse::identity {

struct Email {
  std::string text;  // where mail goes: local part as written, domain in lower-case ASCII
  std::string key;   // lower-case: equal for the same address
};

// INVALID_ARGUMENT, the given field: email_invalid.
[[nodiscard]] Result<Email> parse_email(std::string_view text, std::string_view field = "email");

}  // namespace gatehouse::identity
