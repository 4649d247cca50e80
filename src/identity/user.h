// A user: the rest of what a person may say about themselves, and what may become of a user. Pure; any thread.
//
//   (none) ─create→ pending ─activate→ active ⇄ disabled
//   pending ─release→ (none)          any ─delete→ (none)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gatehouse/identity/v1/identity.pb.h"

namespace gatehouse::identity {

// NFC, white space around it removed; at most 100 code points, none invisible. Empty is no name.
// INVALID_ARGUMENT, field `display_name`: display_name_too_long | display_name_invalid.
[[nodiscard]] Result<std::string> parse_display_name(std::string_view text);
// A BCP 47 tag in its canonical spelling; empty is none. INVALID_ARGUMENT, field `locale`: locale_invalid.
[[nodiscard]] Result<std::string> parse_locale(std::string_view text);

// Says all invalid fields of a request in one error. Each check that failed adds what it says.
class FieldErrors {
 public:
  template <class T>
  FieldErrors& add(const Result<T>& checked) {
    if (!checked) append(checked.error());
    return *this;
  }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] std::unexpected<Error> failure() const;

 private:
  void append(const Error& error);
  std::vector<FieldError> fields_;
};

// Where a user may go from `status`. The value says whether anything changes.
// False: there is nothing to do. PERMISSION_DENIED user_disabled: a registration that is repeated does not undo it.
[[nodiscard]] Result<bool> decide_activation(v1::UserStatus status);
[[nodiscard]] bool can_release(v1::UserStatus status);
[[nodiscard]] Result<bool> decide_disabled(v1::UserStatus status, bool disabled);  // FAILED_PRECONDITION user_pending
[[nodiscard]] Done check_version(const v1::User& user, std::optional<std::int64_t> expected);  // version_mismatch

[[nodiscard]] std::string_view name_of(v1::UserStatus status);

[[nodiscard]] std::unexpected<Error> user_not_found();

}  // namespace gatehouse::identity
