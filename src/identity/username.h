// Usernames: what a person may call themselves, and which two names are the same name. Pure; any thread.
//
// A name is 3–64 code points after NFKC and case folding. ASCII names start with a letter or digit and go on with
// letters, digits, '.', '_' and '-'. Other scripts: letters, marks and digits of one script (UTS #39 single
// script, recommended characters), and no name that looks like an ASCII one. There is never an '@', so that a
// username is never an e-mail address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace gatehouse::identity {

struct Username {
  std::string text;        // as the person wrote it, NFC
  std::string key;         // folded: finds the user; the same in every version of Unicode
  // What names that look the same have in common, folded and as written: ASCII itself, else the UTS #39 skeleton, whose
  // table grows with ICU, which is why it only guards uniqueness. No form of one name is a form of another.
  std::string look_alike, written_look_alike;
};

// INVALID_ARGUMENT, field `username`: username_too_short | username_too_long | username_invalid | username_confusable.
[[nodiscard]] Result<Username> parse_username(std::string_view text);
// The key to look a typed name up with; null when nobody can be called that.
[[nodiscard]] std::optional<std::string> username_key(std::string_view text);

}  // namespace gatehouse::identity
