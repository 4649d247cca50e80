// Refresh tokens as text: nothing is accepted but what was issued, octet for octet, and it is written as it was read.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/refresh_token.h"
#include "base/bytes.h"
#include "base/ensure.h"

using namespace gatehouse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const crypto::MasterKey master(SecretKey(std::array<std::uint8_t, 32>{1, 2, 3}));
  static SeededRandom random(1);
  static const auth::RefreshTokens tokens(master, random);
  static const SessionId session{*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057")};
  static const auto issued = tokens.text_of(tokens.make(session));
  const std::string_view text = as_view({data, size});
  const auto parsed = tokens.parse(text);
  ensure(parsed.has_value() == (text == issued), "a refresh token was accepted that was not issued, or the reverse");
  if (parsed) ensure(tokens.text_of(*parsed) == text, "a refresh token is not written as it was read");
  return 0;
}
