// Any bytes as a username: refused, or folded to a key that folds to itself, is found again from what was written, has
// nothing of an e-mail address or a control in it, and is ASCII exactly when it looks like ASCII.
#include <algorithm>
#include <cstdint>

#include "base/ensure.h"
#include "base/limits.h"
#include "identity/unicode.h"
#include "identity/user.h"
#include "identity/username.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::identity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(parse_locale(text));
  if (const auto name = parse_display_name(text))
    ensure(parse_display_name(*name).value() == *name, "a display name is not stable");

  const auto username = parse_username(text);
  if (!username) {
    ensure(username.error().fields.size() == 1 && username.error().fields[0].field == "username",
           "refused by its field");
    return 0;
  }
  const auto again = parse_username(username->key);
  ensure(again && again->key == username->key && again->look_alike == username->look_alike,
         "a key does not fold to itself");
  ensure(username_key(username->text) == username->key, "what was written does not find the user");
  ensure(is_ascii(username->key) == is_ascii(username->look_alike), "a name looks like an ASCII one");
  const auto code_points = to_code_points(username->key);
  ensure(code_points && code_points->size() >= limits::username_chars_min &&
             code_points->size() <= limits::username_chars_max,
         "a length out of bounds");
  ensure(std::ranges::none_of(*code_points, [](auto c) { return c == '@' || c == ' ' || c == '/' || is_invisible(c); }),
         "a character that no name has");
  return 0;
}
