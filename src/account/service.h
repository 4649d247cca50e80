// The account role's use cases. One per shard, on that shard's thread; keeps what users may do in a small cache that
// the bus of PermissionsChanged empties. A change goes out on it after its commit and before its answer, also when the
// caller has given up.
#pragma once

#include <memory>
#include <string>

#include "account/api.h"
#include "account/events.h"
#include "account/store.h"
#include "base/random.h"
#include "resilience/cache.h"
#include "runtime/bus.h"

namespace gatehouse::account {

// The consumer of gatehouse.identity that keeps profiles.
inline constexpr std::string_view profile_consumer = "account.profile";

class Service final : public Api {
 public:
  Service(std::unique_ptr<Store> store, Bus<PermissionsChanged>& changes, const Clock& clock, Random& random);

  Task<v1::Permissions> get_permissions(Call call, v1::GetPermissionsRequest request) override;
  Task<v1::Profile> get_profile(Call call, v1::GetProfileRequest request) override;
  Task<v1::ListRolesResponse> list_roles(Call call, v1::ListRolesRequest request) override;
  Task<v1::Role> put_role(Call call, v1::PutRoleRequest request) override;
  Task<v1::DeleteRoleResponse> delete_role(Call call, v1::DeleteRoleRequest request) override;
  Task<v1::Permissions> assign_role(Call call, v1::AssignRoleRequest request) override;
  Task<v1::Permissions> remove_role(Call call, v1::RemoveRoleRequest request) override;
  Task<v1::SetUserActiveResponse> set_user_active(Call call, v1::SetUserActiveRequest request) override;

  // Drops what the cache knows of one user, or of everybody. On this shard's thread.
  void forget(const PermissionsChanged& notice);

 private:
  [[nodiscard]] events::Event make_event(const Call& call, std::string_view type, std::string_view user_id,
                                         std::string_view role) const;
  // Awaits a change and tells every shard of it, also when the caller has given up meanwhile.
  template <class T>
  Task<T> settle(Task<T> change, PermissionsChanged notice);
  template <class T>
  Task<T> settle_whole(Task<T> change, PermissionsChanged notice);

  const std::unique_ptr<Store> store_;
  Bus<PermissionsChanged>& changes_;
  const Clock& clock_;
  Random& random_;
  Cache<std::string, v1::Permissions, StringHash> cache_;
};

[[nodiscard]] events::Event make_account_event(std::string_view type, std::string_view user_id, const Clock& clock,
                                               Random& random);

}  // namespace gatehouse::account
