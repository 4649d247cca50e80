// What the account role asks of storage. Each method is one transaction; those that take an event append it to the
// outbox in that transaction, and only when something changed. Called on the owning shard's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "account/role.h"
#include "base/clock.h"
#include "events/event.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::account {

struct Profile {
  std::string user_id;
  WallTime joined_at{};
  std::int64_t version = 1;
};

class Store {
 public:
  virtual ~Store() = default;

  // The roles a user holds: custom ones with their permissions, built-in ones by name.
  virtual Task<std::vector<Role>> load_roles_of(Call call, std::string user_id) = 0;
  virtual Task<std::optional<Profile>> load_profile(Call call, std::string user_id) = 0;
  virtual Task<std::vector<Role>> list_custom_roles(Call call) = 0;  // by name
  virtual Task<void> put_role(Call call, Role role, WallTime now) = 0;
  // NOT_FOUND role_not_found; FAILED_PRECONDITION role_in_use.
  virtual Task<void> delete_role(Call call, std::string name) = 0;

  // True when it was not assigned before. NOT_FOUND role_not_found (custom roles), user_not_found (forgotten).
  virtual Task<bool> assign(Call call, std::string user_id, std::string role, events::Event event) = 0;
  // True when it was assigned. FAILED_PRECONDITION last_admin when nobody else who is active has `admin`.
  virtual Task<bool> remove(Call call, std::string user_id, std::string role, events::Event event) = 0;
  // Everybody is active until this says otherwise. FAILED_PRECONDITION last_admin as above.
  virtual Task<void> set_active(Call call, std::string user_id, bool is_active, WallTime now) = 0;
  virtual Task<std::vector<std::string>> list_inactive_admins(Call call, WallTime marked_before) = 0;

  // The effects of events of another role, each claimed by `claim` (the heard event's id) in the same transaction:
  // the second time they do nothing.
  virtual Task<void> create_profile(Call call, std::string claim, Profile profile, events::Event event) = 0;
  // Profile and assignments, of the last admin too.
  virtual Task<void> forget_user(Call call, std::string claim, std::string user_id) = 0;
};

}  // namespace gatehouse::account
