#include "gateway/permissions.h"

#include <algorithm>

#include "base/limits.h"

namespace gatehouse::gateway {

Permissions::Permissions(identity::Api& identity, account::Api& account, const Clock& clock)
    : identity_(identity), account_(account), cache_(limits::user_cache_entries_max, Milliseconds{limits::permissions_cached_ms}, clock) {}

void Permissions::subscribe(Shard& shard, Bus<account::PermissionsChanged>& changes) {
  changes.subscribe(shard, [this](const account::PermissionsChanged& notice) { forget(notice); });
}

void Permissions::forget(const account::PermissionsChanged& notice) {
  const auto user = UserId::parse(notice.user_id);
  if (user)
    cache_.invalidate(*user);
  else
    cache_.clear();
}

Task<account::v1::Permissions> Permissions::of(Call call, UserId user_id) {
  if (const auto* known = cache_.find(user_id)) co_return *known;
  const auto ticket = cache_.begin_fill(user_id);
  account::v1::GetPermissionsRequest request;
  request.set_user_id(user_id.str());
  auto permissions = co_await account_.get_permissions(call, std::move(request));
  if (!permissions) co_return pass(permissions);
  cache_.put(ticket, user_id, *permissions);
  co_return permissions;
}

Task<Verdict> Permissions::may(Call call, UserId user_id, std::string_view permission) {
  const auto held = co_await of(call, user_id);
  if (!held) co_return pass(held);
  if (std::ranges::find(held->permissions(), permission) == held->permissions().end()) co_return Verdict::deny;
  identity::v1::GetUserRequest request;
  request.set_user_id(user_id.str());
  const auto user = co_await identity_.get_user(call, std::move(request));  // in memory, and true on every shard
  if (!user && user.error().code == Code::not_found) co_return Verdict::deny;
  if (!user) co_return pass(user);
  co_return user->status() == identity::v1::USER_STATUS_ACTIVE ? Verdict::allow : Verdict::deny;
}

}  // namespace gatehouse::gateway
