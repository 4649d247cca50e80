// The account role's Store on its SQLite file (migrations/sqlite/account). Any number may share one Database.
#pragma once

#include "account/store.h"
#include "drivers/sqlite/database.h"

namespace gatehouse::account {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(sqlite::Database& database) : database_(database) {}

  Task<std::vector<Role>> load_roles_of(Call call, std::string user_id) override;
  Task<std::optional<Profile>> load_profile(Call call, std::string user_id) override;
  Task<std::vector<Role>> list_custom_roles(Call call) override;
  Task<void> put_role(Call call, Role role, WallTime now) override;
  Task<void> delete_role(Call call, std::string name) override;
  Task<bool> assign(Call call, std::string user_id, std::string role, events::Event event) override;
  Task<bool> remove(Call call, std::string user_id, std::string role, events::Event event) override;
  Task<void> set_active(Call call, std::string user_id, bool is_active, WallTime now) override;
  Task<std::vector<std::string>> list_inactive_admins(Call call, WallTime marked_before) override;
  Task<void> create_profile(Call call, std::string claim, Profile profile, events::Event event) override;
  Task<void> forget_user(Call call, std::string claim, std::string user_id) override;

 private:
  sqlite::Database& database_;
};

}  // namespace gatehouse::account
