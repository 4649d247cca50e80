// What the account role tells the world (events) and its own process (the notice).
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::account {

// Somebody may now do more or less than before. Published and heard by every shard before the change returns.
struct PermissionsChanged {
  std::string user_id;  // empty: everybody's
};

namespace event_types {
inline constexpr std::string_view account_updated = "account.updated.v1";  // {changed: ["profile"]}
inline constexpr std::string_view role_assigned = "role.assigned.v1";      // {role}
inline constexpr std::string_view role_removed = "role.removed.v1";        // {role}
}  // namespace event_types

}  // namespace gatehouse::account
