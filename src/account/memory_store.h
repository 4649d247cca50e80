// The account role's Store in memory, for tests: what the contract suite holds the real stores to.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "account/store.h"

namespace gatehouse::account {

class MemoryStore final : public Store {
 public:
  std::vector<events::Event> said;  // the outbox
  int loads = 0;

  Task<std::vector<Role>> load_roles_of(Call, std::string user_id) override {
    ++loads;
    std::vector<Role> roles;
    for (const auto& [user, role] : assignments_)
      if (user == user_id) roles.push_back(roles_.contains(role) ? roles_.at(role) : Role{role, {}});
    co_return roles;
  }
  Task<std::optional<Profile>> load_profile(Call, std::string user_id) override {
    const auto found = profiles_.find(user_id);
    if (found == profiles_.end()) co_return std::optional<Profile>();
    co_return found->second;
  }
  Task<std::vector<Role>> list_custom_roles(Call) override {
    std::vector<Role> roles;
    for (const auto& [name, role] : roles_) roles.push_back(role);
    co_return roles;
  }
  Task<void> put_role(Call, Role role, WallTime) override {
    roles_[role.name] = role;
    co_return Done{};
  }
  Task<void> delete_role(Call, std::string name) override {
    if (std::ranges::any_of(assignments_, [&](const auto& one) { return one.second == name; }))
      co_return fail(Code::failed_precondition, "role_in_use", "");
    if (roles_.erase(name) == 0) co_return not_found("role_not_found", "");
    co_return Done{};
  }
  Task<bool> assign(Call, std::string user_id, std::string role, events::Event event) override {
    if (!find_built_in(role) && !roles_.contains(role)) co_return not_found("role_not_found", "");
    if (erased_.contains(user_id)) co_return not_found("user_not_found", "");
    const bool is_new = assignments_.emplace(user_id, role).second;
    if (is_new) said.push_back(std::move(event));
    co_return is_new;
  }
  Task<bool> remove(Call, std::string user_id, std::string role, events::Event event) override {
    const std::pair<std::string, std::string> assignment(user_id, role);
    if (!assignments_.contains(assignment)) co_return false;
    if (role == admin_role && !has_admin_beside(user_id)) co_return fail(Code::failed_precondition, "last_admin", "");
    assignments_.erase(assignment);
    said.push_back(std::move(event));
    co_return true;
  }
  Task<void> set_active(Call, std::string user_id, bool is_active, WallTime now) override {
    const bool is_admin = assignments_.contains(std::pair(user_id, std::string(admin_role)));
    if (is_active) {
      inactive_.erase(user_id);
    } else if (!inactive_.contains(user_id)) {
      if (is_admin && !has_admin_beside(user_id)) co_return fail(Code::failed_precondition, "last_admin", "");
      inactive_.emplace(user_id, now);
    }
    co_return Done{};
  }
  Task<std::vector<std::string>> list_inactive_admins(Call, WallTime marked_before) override {
    std::vector<std::string> found;
    for (const auto& [user_id, marked_at] : inactive_)
      if (marked_at < marked_before && assignments_.contains(std::pair(user_id, std::string(admin_role)))) found.push_back(user_id);
    co_return found;
  }
  Task<void> create_profile(Call, std::string claim, Profile profile, events::Event event) override {
    if (!claims_.insert(claim).second) co_return Done{};
    if (profiles_.emplace(profile.user_id, profile).second) said.push_back(std::move(event));
    co_return Done{};
  }
  Task<void> forget_user(Call, std::string claim, std::string user_id) override {
    if (!claims_.insert(claim).second) co_return Done{};
    profiles_.erase(user_id);
    inactive_.erase(user_id);
    erased_.insert(user_id);
    std::erase_if(assignments_, [&](const auto& one) { return one.first == user_id; });
    co_return Done{};
  }

 private:
  [[nodiscard]] bool has_admin_beside(const std::string& user_id) const {
    return std::ranges::any_of(assignments_, [&](const auto& one) {
      return one.second == admin_role && one.first != user_id && !inactive_.contains(one.first);
    });
  }

  std::map<std::string, Role> roles_;
  std::set<std::pair<std::string, std::string>> assignments_;
  std::map<std::string, Profile> profiles_;
  std::set<std::string> claims_, erased_;
  std::map<std::string, WallTime> inactive_;  // and since when
};

}  // namespace gatehouse::account
