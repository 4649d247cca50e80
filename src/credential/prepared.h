// A hash that is to replace a user's, on its way from where it was made to where it is stored: sealed, so that no caller
// of the door sees one or hands in one of their own. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"

namespace gatehouse::credential {

[[nodiscard]] Bytes seal_prepared(const SecretKey& key, std::string_view phc, std::string_view user_id, Random& random);
// DATA_LOSS sealed_box_broken when it is another user's, or none of ours.
[[nodiscard]] Result<std::string> open_prepared(const SecretKey& key, std::string_view box, std::string_view user_id);

}  // namespace gatehouse::credential
