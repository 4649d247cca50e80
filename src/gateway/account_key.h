// What password attempts are counted under: one key an account, through whichever door and by whichever name it is
// tried (S-20, S-21), and one a typed name, which is the one that is told of (S-16). Who is nobody is counted under the
// name that was typed, with the same limits.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::gateway {

[[nodiscard]] std::string account_key_of_user(std::string_view user_id);
// One for all spellings that mean the same name (NFKC, case folded).
[[nodiscard]] std::string account_key_of_nobody(std::string_view typed_name);

}  // namespace gatehouse::gateway
