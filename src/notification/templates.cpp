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

// The subject of an alert, and what has happened, with {0} for the product and {1} for the time.
Text alert_parts(Language language, Template which) {
  const bool is_german = language == Language::german;
  if (which == Template::address_added)
    return is_german ? Text{"Neue Adresse für dein Konto bei {0}",
                            "am {1} wurde deinem Konto bei {0} eine E-Mail-Adresse hinzugefügt. Wer dort Post liest,\n"
                            "kann ein neues Passwort für das Konto setzen."}
                     : Text{"An address was added to your account at {0}",
                            "on {1} an e-mail address was added to your account at {0}. Whoever reads mail\n"
                            "there can set a new password for the account."};
  if (which == Template::address_removed)
    return is_german ? Text{"Eine Adresse deines Kontos bei {0} wurde entfernt",
                            "am {1} wurde eine E-Mail-Adresse von deinem Konto bei {0} entfernt. Mit ihr lässt sich\n"
                            "das Konto nicht mehr wiederherstellen."}
                     : Text{"An address was removed from your account at {0}",
                            "on {1} an e-mail address was removed from your account at {0}. It can no longer\n"
                            "be used to recover the account."};
  return is_german ? Text{"Das Passwort deines Kontos bei {0} wurde geändert", "am {1} wurde das Passwort deines Kontos bei {0} geändert."}
                   : Text{"The password of your account at {0} was changed", "on {1} the password of your account at {0} was changed."};
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

Text alert_text(Language language, Template which, const AlertValues& values) {
  const auto product = one_line(values.product_name), name = one_line(values.username);
  const auto parts = alert_parts(language, which);
  const auto when = to_rfc3339(values.at).substr(0, 10) + " " + time_of_day(values.at) + " UTC";
  const auto subject = fmt::format(fmt::runtime(parts.subject), product);
  const auto happened = fmt::format(fmt::runtime(parts.body), product, when);
  if (language == Language::german)
    return {subject, fmt::format("Hallo {1},\n\n"
                                 "{2}\n\n"
                                 "Warst du das, ist nichts zu tun.\n\n"
                                 "Warst du es nicht, kommt jemand anderes in dein Konto. Stelle es jetzt wieder her:\n"
                                 "Fordere bei {0} mit einer Adresse, die du dort noch hast, ein neues Passwort an. Das\n"
                                 "beendet alle Sitzungen. Entferne dann die Adressen, die nicht deine sind. Ist keine\n"
                                 "von deinen mehr da, schreibe denen, die {0} betreiben.\n\n"
                                 "-- \n{0}\n",
                                 product, name, happened)};
  return {subject, fmt::format("Hello {1},\n\n"
                               "{2}\n\n"
                               "If this was you, there is nothing to do.\n\n"
                               "If this was not you, somebody else can get into your account. Recover it now: ask\n"
                               "{0} for a new password, with an address that you still have there. That ends every\n"
                               "session. Then remove the addresses that are not yours. If none of yours is left,\n"
                               "write to those who run {0}.\n\n"
                               "-- \n{0}\n",
                               product, name, happened)};
}

}  // namespace gatehouse::notification
