// What our mails say, in English and German. Plain text, pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "notification/mail.h"

namespace gatehouse::notification {

enum class Language : std::uint8_t { english, german };
[[nodiscard]] Language language_of(std::string_view locale);  // BCP 47; English when it is none we have
[[nodiscard]] std::string_view tag_of(Language language);     // "en", "de"

struct Text {
  std::string subject, body;
};

struct CodeValues {
  std::string_view product_name, address, code;
  WallTime expires_at{}, now{};
};

struct AlertValues {
  std::string_view product_name, username;
  WallTime at{};
};

// Values are put in as one line of text: control characters and text-direction marks are left out.
[[nodiscard]] Text welcome_text(Language language, std::string_view product_name, std::string_view username);
[[nodiscard]] Text verify_text(Language language, const CodeValues& values);    // proves an address
[[nodiscard]] Text recovery_text(Language language, const CodeValues& values);  // sets a new password
// A change of the ways into an account, and what to do about it. Of address_added, address_removed and password_changed.
[[nodiscard]] Text alert_text(Language language, Template which, const AlertValues& values);

}  // namespace gatehouse::notification
