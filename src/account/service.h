// The account role's use cases. One per shard, on that shard's thread; keeps what users may do in a small cache that
// the bus of PermissionsChanged empties.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "account/api.h"
#include "account/events.h"
#include "account/store.h"
#include "base/random.h"
#include "runtime/bus.h"

namespace gatehouse::account {

// The consumer of gatehouse.identity that keeps profiles.
inline constexpr std::string_view profile_consumer = "account.profile";

class Service final : public Api {
 public:
  Service(std::unique_ptr<Store> store, Bus<PermissionsChanged>& changes, const Clock& clock, Random& random)
      : store_(std::move(store)), changes_(changes), clock_(clock), random_(random) {}

  Task<v1::Permissions> get_permissions(Call call, v1::GetPermissionsRequest request) override;
  Task<v1::Profile> get_profile(Call call, v1::GetProfileRequest request) override;
  Task<v1::ListRolesResponse> list_roles(Call call, v1::ListRolesRequest request) override;
  Task<v1::Role> put_role(Call call, v1::PutRoleRequest request) override;
  Task<v1::DeleteRoleResponse> delete_role(Call call, v1::DeleteRoleRequest request) override;
  Task<v1::Permissions> assign_role(Call call, v1::AssignRoleRequest request) override;
  Task<v1::Permissions> remove_role(Call call, v1::RemoveRoleRequest request) override;

  // Drops what the cache knows of one user, or of everybody. On this shard's thread.
  void forget(const PermissionsChanged& notice);

 private:
  [[nodiscard]] events::Event make_event(const Call& call, std::string_view type, std::string_view user_id,
                                         std::string_view role) const;

  const std::unique_ptr<Store> store_;
  Bus<PermissionsChanged>& changes_;
  const Clock& clock_;
  Random& random_;
  std::unordered_map<std::string, v1::Permissions> cache_;
  std::uint64_t changes_heard_ = 0;  // a fill that a change overtook is not kept
};

[[nodiscard]] events::Event make_account_event(std::string_view type, std::string_view user_id, const Clock& clock,
                                               Random& random);

}  // namespace gatehouse::account
