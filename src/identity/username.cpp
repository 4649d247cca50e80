#include "identity/username.h"

#include <unicode/uniset.h>
#include <unicode/uspoof.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/ensure.h"
#include "base/limits.h"
#include "identity/unicode.h"

namespace gatehouse::identity {
namespace {

constexpr std::size_t name_bytes_max = limits::username_chars_max * 12;  // before any work is done

std::unexpected<Error> refused(std::string_view reason, std::string_view message) {
  return invalid_field("username", reason, message);
}
std::unexpected<Error> refused_characters() {
  return refused("username_invalid",
                 "A username starts with a letter or digit, then letters, digits, '.', '_' and '-', of one script.");
}

bool is_ascii_start(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_ascii_part(char c) { return is_ascii_start(c) || c == '.' || c == '_' || c == '-'; }

// Configured once; its checks are const and safe on every thread (uspoof.h, "Thread Safety").
const USpoofChecker* spoof_checker() {
  static const USpoofChecker* const checker = [] {
    UErrorCode status = U_ZERO_ERROR;
    USpoofChecker* opened = uspoof_open(&status);
    uspoof_setChecks(
        opened,
        USPOOF_RESTRICTION_LEVEL | USPOOF_INVISIBLE | USPOOF_MIXED_NUMBERS | USPOOF_CHAR_LIMIT | USPOOF_HIDDEN_OVERLAY,
        &status);
    uspoof_setRestrictionLevel(opened, USPOOF_SINGLE_SCRIPT_RESTRICTIVE);
    // The set is frozen, and so is a plain copy of it: adding to one does nothing.
    const std::unique_ptr<icu::UnicodeSet> allowed(uspoof_getRecommendedUnicodeSet(&status)->cloneAsThawed());
    allowed->add('.').add('_').add('-');
    uspoof_setAllowedUnicodeSet(opened, allowed.get(), &status);
    ensure(U_SUCCESS(status), "ICU has no confusables data");
    return opened;
  }();
  return checker;
}

std::optional<std::string> skeleton_of(std::string_view key) {
  std::array<char, limits::username_chars_max * 72> out;  // a code point maps to at most 18
  UErrorCode status = U_ZERO_ERROR;
  const auto size = uspoof_getSkeletonUTF8(spoof_checker(), 0, key.data(), static_cast<int32_t>(key.size()), out.data(),
                                           static_cast<int32_t>(out.size()), &status);
  if (U_FAILURE(status) || size > static_cast<int32_t>(out.size())) return std::nullopt;
  return std::string(out.data(), static_cast<std::size_t>(size));
}

bool is_one_script(std::string_view key) {
  UErrorCode status = U_ZERO_ERROR;
  const auto failed =
      uspoof_check2UTF8(spoof_checker(), key.data(), static_cast<int32_t>(key.size()), nullptr, &status);
  return U_SUCCESS(status) && failed == 0;
}

Done check_length(std::size_t chars) {
  if (chars < limits::username_chars_min) return refused("username_too_short", "A username has at least 3 characters.");
  if (chars > limits::username_chars_max) return refused("username_too_long", "A username has at most 64 characters.");
  return {};
}

Result<Username> parse_ascii(std::string text, std::string key) {
  if (Done fits = check_length(key.size()); !fits) return pass(fits);
  if (!is_ascii_start(key.front()) || !std::ranges::all_of(key, is_ascii_part)) return refused_characters();
  return Username{.text = std::move(text), .key = key, .look_alike = key, .written_look_alike = key};
}

Result<Username> parse_other(std::string text, std::string key) {
  const auto code_points = to_code_points(key);
  if (!code_points) return refused_characters();
  if (Done fits = check_length(code_points->size()); !fits) return pass(fits);
  const auto first = code_points->front();
  if (!(first < 0x80 ? is_ascii_start(static_cast<char>(first)) : is_letter(first))) return refused_characters();
  const auto is_allowed = [](char c) { return static_cast<unsigned char>(c) >= 0x80 || is_ascii_part(c); };
  if (!std::ranges::all_of(key, is_allowed) || !is_one_script(key)) return refused_characters();
  auto skeleton = skeleton_of(key), written = skeleton_of(text);  // capitals look like others than small letters do
  if (!skeleton || !written || is_ascii(*skeleton) || is_ascii(*written))
    return refused("username_confusable", "This username looks like another one. Choose a different one.");
  return Username{.text = std::move(text),
                  .key = std::move(key),
                  .look_alike = std::move(*skeleton),
                  .written_look_alike = std::move(*written)};
}

std::string to_lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return lower;
}

}  // namespace

Result<Username> parse_username(std::string_view text) {
  if (text.size() > name_bytes_max) return refused("username_too_long", "A username has at most 64 characters.");
  if (is_ascii(text)) return parse_ascii(std::string(text), to_lower_ascii(text));
  auto written = to_nfc(text);
  auto folded = to_folded(text);
  if (!written || !folded) return refused_characters();
  if (is_ascii(*folded)) return parse_ascii(std::move(*written), std::move(*folded));
  return parse_other(std::move(*written), std::move(*folded));
}

std::optional<std::string> username_key(std::string_view text) {
  auto username = parse_username(text);
  if (!username) return std::nullopt;
  return std::move(username->key);
}

}  // namespace gatehouse::identity
