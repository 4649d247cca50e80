// Page tokens of the list of sessions: nothing is accepted but what was given out, octet for octet.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/page_token.h"
#include "base/bytes.h"
#include "base/ensure.h"

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SecretKey key(std::array<std::uint8_t, 32>{1, 2, 3});
  static const SessionId last{*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057")};
  static SeededRandom random(1);
  static const auto given = auth::make_page_token(key, "user", last, random);
  const std::string_view text = as_view({data, size});
  const auto parsed = auth::parse_page_token(key, "user", text);
  if (parsed) {
    ensure(text == given, "a page token was accepted that nobody gave out");
    ensure(*parsed == last, "a page token leads somewhere else");
  } else {
    ensure(text != given, "a page token that was given out is refused");
    ensure(parsed.error().reason == "page_token_invalid", "a page token is refused for its own reason");
  }
  return 0;
}
