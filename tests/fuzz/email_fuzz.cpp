// Any bytes as an e-mail address: refused, or in a form that is ASCII, bounded, has one '@' and no space or control, is
// its own canonical form, and is the same address whatever its case.
#include <algorithm>
#include <cstdint>

#include "base/ensure.h"
#include "base/limits.h"
#include "identity/email.h"
#include "identity/unicode.h"
#include "identity/username.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::identity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto email = parse_email(text);
  if (!email) {
    ensure(email.error().fields.size() == 1, "refused by its field");
    return 0;
  }
  ensure(is_ascii(email->text) && email->text.size() <= limits::email_bytes_max, "an address no mail server takes");
  ensure(std::ranges::count(email->text, '@') == 1, "an address has one @");
  ensure(std::ranges::none_of(email->text, [](unsigned char c) { return c <= ' ' || c == 0x7f; }),
         "a control in an address");
  for (const auto& form : {email->text, email->key}) {
    const auto again = parse_email(form);
    ensure(again && again->key == email->key && again->text == form, "an address is not its own canonical form");
  }
  std::string upper = email->text;
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  const auto shouted = parse_email(upper);
  ensure(shouted && shouted->key == email->key, "case makes another address");
  ensure(!parse_username(text), "an address is a username");
  return 0;
}
