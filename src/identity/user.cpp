#include "identity/user.h"

#include <unicode/uloc.h>

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "identity/unicode.h"

namespace gatehouse::identity {
namespace {

bool is_space(std::int32_t code_point) { return code_point == ' ' || code_point == 0x3000 || code_point == 0xa0; }

std::string_view trim_ascii(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

Result<std::string> parse_display_name(std::string_view text) {
  constexpr std::size_t bytes_max = limits::display_name_chars_max * 16;
  const auto too_long = [] {
    return invalid_field("display_name", "display_name_too_long", "A display name has at most 100 characters.");
  };
  const auto invalid = [] {
    return invalid_field("display_name", "display_name_invalid", "A display name has visible characters only.");
  };
  text = trim_ascii(text);
  if (text.size() > bytes_max) return too_long();
  auto name = to_nfc(text);
  if (!name) return invalid();
  const auto code_points = to_code_points(*name);
  if (!code_points || std::ranges::any_of(*code_points, is_invisible)) return invalid();
  if (code_points->size() > limits::display_name_chars_max) return too_long();
  if (!code_points->empty() && std::ranges::all_of(*code_points, is_space)) return invalid();
  return std::move(*name);
}

Result<std::string> parse_locale(std::string_view text) {
  const auto invalid = [] {
    return invalid_field("locale", "locale_invalid", "A locale is a BCP 47 language tag such as 'en' or 'pt-BR'.");
  };
  if (text.empty()) return std::string();
  const bool is_tag = std::ranges::all_of(text, [](char c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
  if (text.size() > 35 || !is_tag) return invalid();  // RFC 5646 §4.4.1
  std::array<char, ULOC_FULLNAME_CAPACITY> locale;
  std::array<char, 64> tag;
  UErrorCode status = U_ZERO_ERROR;
  int32_t parsed = 0;
  const std::string terminated(text);
  uloc_forLanguageTag(terminated.c_str(), locale.data(), locale.size(), &parsed, &status);
  if (U_FAILURE(status) || parsed != static_cast<int32_t>(text.size())) return invalid();
  const auto size = uloc_toLanguageTag(locale.data(), tag.data(), tag.size(), true, &status);
  if (U_FAILURE(status) || size <= 0 || size >= static_cast<int32_t>(tag.size())) return invalid();
  return std::string(tag.data(), static_cast<std::size_t>(size));
}

void FieldErrors::append(const Error& error) {
  fields_.insert(fields_.end(), error.fields.begin(), error.fields.end());
}

std::unexpected<Error> FieldErrors::failure() const {
  const bool is_one = fields_.size() == 1;
  auto failed = fail(Code::invalid_argument, is_one ? fields_[0].code : "invalid_fields",
                     is_one ? fields_[0].message : "Some fields are invalid.");
  failed.error().fields = fields_;
  return failed;
}

Result<bool> decide_activation(v1::UserStatus status) {
  if (status == v1::USER_STATUS_PENDING) return true;
  if (status == v1::USER_STATUS_ACTIVE) return false;
  return fail(Code::permission_denied, "user_disabled", "This account has been disabled.");
}
bool can_release(v1::UserStatus status) { return status == v1::USER_STATUS_PENDING; }

Result<bool> decide_disabled(v1::UserStatus status, bool disabled) {
  if (status == v1::USER_STATUS_PENDING)
    return fail(Code::failed_precondition, "user_pending", "This registration has not been finished.");
  return (status == v1::USER_STATUS_DISABLED) != disabled;
}

Done check_version(const v1::User& user, std::optional<std::int64_t> expected) {
  if (expected && *expected != user.version())
    return fail(Code::failed_precondition, "version_mismatch", "This user has been changed since you read it.");
  return {};
}

std::string_view name_of(v1::UserStatus status) {
  switch (status) {
    case v1::USER_STATUS_PENDING: return "pending";
    case v1::USER_STATUS_ACTIVE: return "active";
    case v1::USER_STATUS_DISABLED: return "disabled";
    default: return "unspecified";
  }
}

std::unexpected<Error> user_not_found() { return not_found("user_not_found", "There is no such user."); }

}  // namespace gatehouse::identity
