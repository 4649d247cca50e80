#include "auth/page_token.h"

#include <algorithm>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace gatehouse::auth {
namespace {

constexpr std::size_t token_chars_max = 128;

std::string context_of(std::string_view user_id) { return std::string("auth.sessions/1:").append(user_id); }

std::unexpected<Error> invalid() {
  return fail(Code::invalid_argument, "page_token_invalid", "The page token is not one that this list gave out.");
}

}  // namespace

std::string make_page_token(const SecretKey& key, std::string_view user_id, SessionId last, Random& random) {
  return to_base64url(crypto::seal(key, as_view(last.value.bytes), context_of(user_id), random));
}

Result<SessionId> parse_page_token(const SecretKey& key, std::string_view user_id, std::string_view text) {
  if (text.size() > token_chars_max) return invalid();
  const auto box = from_base64url(text);
  if (!box) return invalid();
  const auto opened = crypto::open(key, *box, context_of(user_id));
  SessionId last;
  if (!opened || opened->reveal().size() != last.value.bytes.size()) return invalid();
  std::ranges::copy(as_bytes(opened->reveal()), last.value.bytes.begin());
  return last;
}

}  // namespace gatehouse::auth
