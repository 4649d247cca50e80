// Page tokens of the list of sessions: where the last page ended, sealed so that a client can neither read nor forge
// one, and bound to the user and to this list (a token of another list or person is refused).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/id.h"
#include "base/random.h"
#include "base/secret.h"

namespace gatehouse::auth {

[[nodiscard]] std::string make_page_token(const SecretKey& key, std::string_view user_id, SessionId last,
                                          Random& random);
// INVALID_ARGUMENT page_token_invalid.
[[nodiscard]] Result<SessionId> parse_page_token(const SecretKey& key, std::string_view user_id, std::string_view text);

}  // namespace gatehouse::auth
