#include "notification/templates.h"

#include <fmt/format.h>

#include <algorithm>

namespace gatehouse::notification {
namespace {

// Bytes of a mark that could break the line or turn its direction, at the front of `text`; 0 when there is none.
std::size_t unwanted_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7F) return 1;
  if (text.size() >= 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) return 2;  // C1
  if (text.size() < 3 || first != 0xE2) return 0;
  const auto second = static_cast<unsigned char>(text[1]), third = static_cast<unsigned char>(text[2]);
  const bool is_mark = (second == 0x80 && (third == 0x8E || third == 0x8F || (third >= 0xA8 && third <= 0xAE))) ||
                       (second == 0x81 && third >= 0xA6 && third <= 0xA9);
  return is_mark ? 3 : 0;
}

std::string one_line(std::string_view value) {
  std::string out;
  while (!value.empty()) {
    const auto unwanted = unwanted_bytes(value);
    if (unwanted == 0) out += value[0];
    value.remove_prefix(std::max<std::size_t>(1, unwanted));
  }
  return out;
}

std::string time_of_day(WallTime time) {
  const auto text = to_rfc3339(time);
  return text.substr(11, 5);
}

long long minutes_left(const CodeValues& values) {
  return std::max<long long>(1, std::chrono::ceil<std::chrono::minutes>(values.expires_at - values.now).count());
}

std::string valid_text(Language language, const CodeValues& values) {
  const auto minutes = minutes_left(values);
  const auto until = time_of_day(values.expires_at);
  if (language == Language::german)
    return fmt::format("Er gilt {} {}, bis {} Uhr UTC, und nur einmal.", minutes, minutes == 1 ? "Minute" : "Minuten", until);
  return fmt::format("It is valid for {} {}, until {} UTC, and can be used once.", minutes, minutes == 1 ? "minute" : "minutes", until);
}

}  // namespace

Language language_of(std::string_view locale) {
  const auto primary = locale.substr(0, locale.find_first_of("-_"));
  const bool is_german = primary.size() == 2 && (primary[0] | 0x20) == 'd' && (primary[1] | 0x20) == 'e';
  return is_german ? Language::german : Language::english;
}

std::string_view tag_of(Language language) { return language == Language::german ? "de" : "en"; }

Text welcome_text(Language language, std::string_view product_name, std::string_view username) {
  const auto product = one_line(product_name), name = one_line(username);
  if (language == Language::german)
    return {fmt::format("Willkommen bei {}", product),
            fmt::format("Hallo {0},\n\n"
                        "dein Konto bei {1} ist eingerichtet. Dein Benutzername ist:\n\n"
                        "    {0}\n\n"
                        "Du hast dich nicht bei {1} angemeldet? Dann hat vermutlich jemand eine falsche\n"
                        "Adresse eingetragen: Du kannst diese Nachricht ignorieren. Das Konto kann deine\n"
                        "Adresse nicht nutzen, solange du sie nicht bestätigst.\n\n"
                        "-- \n{1}\n",
                        name, product)};
  return {fmt::format("Welcome to {}", product),
          fmt::format("Hello {0},\n\n"
                      "your account at {1} is ready. Your username is:\n\n"
                      "    {0}\n\n"
                      "You did not sign up for {1}? Then somebody probably mistyped their address, and you\n"
                      "can ignore this message. The account cannot use your address unless you confirm it.\n\n"
                      "-- \n{1}\n",
                      name, product)};
}

Text verify_text(Language language, const CodeValues& values) {
  const auto product = one_line(values.product_name), address = one_line(values.address), code = one_line(values.code);
  const auto valid = valid_text(language, values);
  if (language == Language::german)
    return {fmt::format("Dein Bestätigungscode für {}", product),
            fmt::format("Hallo,\n\n"
                        "mit diesem Code bestätigst du bei {0}, dass dir {1} gehört:\n\n"
                        "    {2}\n\n"
                        "{3}\n\n"
                        "Gib ihn nur bei {0} ein und nenne ihn niemandem. Wenn du ihn nicht angefordert hast,\n"
                        "ignoriere diese Nachricht: Ohne den Code geschieht nichts.\n\n"
                        "-- \n{0}\n",
                        product, address, code, valid)};
  return {fmt::format("Your confirmation code for {}", product),
          fmt::format("Hello,\n\n"
                      "with this code you confirm to {0} that {1} is yours:\n\n"
                      "    {2}\n\n"
                      "{3}\n\n"
                      "Enter it at {0} only, and tell it to nobody. If this was not you, ignore this message:\n"
                      "nothing happens without the code.\n\n"
                      "-- \n{0}\n",
                      product, address, code, valid)};
}

Text recovery_text(Language language, const CodeValues& values) {
  const auto product = one_line(values.product_name), address = one_line(values.address), code = one_line(values.code);
  const auto valid = valid_text(language, values);
  if (language == Language::german)
    return {fmt::format("Neues Passwort für {}", product),
            fmt::format("Hallo,\n\n"
                        "jemand, hoffentlich du, möchte ein neues Passwort für das Konto mit der Adresse\n"
                        "{1} bei {0} setzen. Der Code dafür ist:\n\n"
                        "    {2}\n\n"
                        "{3}\n\n"
                        "Gib ihn nur bei {0} ein und nenne ihn niemandem. Wenn du das nicht warst, ignoriere\n"
                        "diese Nachricht: Dein Passwort bleibt, wie es ist.\n\n"
                        "-- \n{0}\n",
                        product, address, code, valid)};
  return {fmt::format("A new password for {}", product),
          fmt::format("Hello,\n\n"
                      "somebody, hopefully you, wants to set a new password for the account with the address\n"
                      "{1} at {0}. The code for it is:\n\n"
                      "    {2}\n\n"
                      "{3}\n\n"
                      "Enter it at {0} only, and tell it to nobody. If this was not you, ignore this message:\n"
                      "your password stays as it is.\n\n"
                      "-- \n{0}\n",
                      product, address, code, valid)};
}

}  // namespace gatehouse::notification
