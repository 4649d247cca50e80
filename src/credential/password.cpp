#include "credential/password.h"

#include <utf8proc.h>
#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <vector>

namespace gatehouse::credential {
namespace {

constexpr std::size_t word_chars_min = 4;  // shorter words are in too many good passwords
constexpr const char* product_word = "gatehouse";

std::optional<SecretString> map_utf8(std::string_view text, int options) {
  utf8proc_uint8_t* mapped = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &mapped, static_cast<utf8proc_option_t>(options));
  if (size < 0) return std::nullopt;
  SecretString out(std::string(reinterpret_cast<const char*>(mapped), static_cast<std::size_t>(size)));
  wipe(mapped, static_cast<std::size_t>(size));
  std::free(mapped);  // NOLINT: allocated by utf8proc with malloc
  return out;
}

std::size_t count_code_points(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::unexpected<Error> too_long(std::string_view field) {
  return invalid_field(field, "password_too_long",
                       "The password may have at most " + std::to_string(limits::password_chars_max) + " characters.");
}

std::unexpected<Error> blocked(std::string_view field, std::string_view why) {
  return invalid_field(field, "password_blocked", why);
}

// The words themselves and the local part of each that is an e-mail address.
std::vector<std::string> personal_words(std::span<const std::string> user_words) {
  std::vector<std::string> words;
  for (const auto& word : user_words.first(std::min(user_words.size(), limits::user_words_max))) {
    if (word.size() > limits::email_bytes_max) continue;
    words.push_back(word);
    if (const auto at = word.find('@'); at != std::string::npos) words.push_back(word.substr(0, at));
  }
  return words;
}

bool contains_any(std::string_view password, std::span<const std::string> words) {
  constexpr int fold = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD;
  const auto folded = map_utf8(password, fold);
  if (!folded) return false;
  return std::ranges::any_of(words, [&](const std::string& word) {
    const auto needle = map_utf8(word, fold);
    return needle && count_code_points(needle->reveal()) >= word_chars_min &&
           folded->reveal().find(needle->reveal()) != std::string::npos;
  });
}

// True when zxcvbn knows `window` (octets, no NUL) as one word, or as easily guessed.
bool is_guessable(const std::string& window, std::vector<const char*>& dictionary) {
  ZxcMatch_t* parts = nullptr;
  const double bits = ZxcvbnMatch(window.c_str(), dictionary.data(), &parts);
  const auto kind = parts == nullptr ? NON_MATCH : static_cast<ZxcTypeMatch_t>(parts->Type & ~MULTIPLE_MATCH);
  const bool is_one_word =
      parts != nullptr && parts->Next == nullptr && kind >= DICTIONARY_MATCH && kind <= USER_LEET_MATCH;
  ZxcvbnFreeInfo(parts);
  return is_one_word || bits * std::log10(2.0) < limits::password_guesses_log10_min;
}

// A password is as strong as the strongest of three windows, at its start, its middle and its end: one of them
// bounds it from below, and zxcvbn's cubic cost stays that of password_window_bytes.
bool is_weak(std::string_view password, std::span<const std::string> words) {
  std::vector<const char*> dictionary{product_word};
  for (const auto& word : words) dictionary.push_back(word.c_str());
  dictionary.push_back(nullptr);
  const auto size = std::min(password.size(), limits::password_window_bytes);
  const auto last = password.size() - size;
  const std::array<std::size_t, 3> starts{0, last / 2, last};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    if (i > 0 && starts[i] == starts[i - 1]) continue;
    std::string window(password.substr(starts[i], size));
    std::ranges::replace(window, '\0', '\x01');  // zxcvbn reads up to a NUL
    const bool guessable = is_guessable(window, dictionary);
    wipe(window);
    if (!guessable) return false;
  }
  return true;
}

}  // namespace

Result<SecretString> normalize_password(const SecretString& typed, std::string_view field) {
  if (typed.reveal().size() > limits::password_bytes_max) return too_long(field);
  if (typed.reveal().empty()) return SecretString();
  auto normal = map_utf8(typed.reveal(), UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  if (!normal) return invalid_field(field, "password_malformed", "The password is not valid UTF-8 text.");
  return std::move(*normal);
}

std::string_view normalization_version() { return utf8proc_unicode_version(); }

Done check_password(const SecretString& password, const PasswordRules& rules) {
  const auto length = count_code_points(password.reveal());
  const auto length_min = std::max(rules.length_min, limits::password_chars_min);
  if (length < length_min)
    return invalid_field(rules.field, "password_too_short",
                         "The password must have at least " + std::to_string(length_min) + " characters.");
  if (length > limits::password_chars_max) return too_long(rules.field);
  const auto words = personal_words(rules.user_words);
  if (contains_any(password.reveal(), words))
    return blocked(rules.field, "The password contains your username or e-mail address.");
  if (is_weak(password.reveal(), words))
    return blocked(rules.field, "The password is common or easily guessed. A few unrelated words are better.");
  return {};
}

}  // namespace gatehouse::credential
