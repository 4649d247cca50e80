#include "account/service.h"

#include "base/id.h"
#include "base/limits.h"
#include "json/writer.h"
#include "runtime/uninterrupted.h"
#include "telemetry/log.h"

namespace gatehouse::account {
namespace {

v1::Role to_proto(const Role& role) {
  v1::Role out;
  out.set_name(role.name);
  for (const auto& permission : role.permissions) out.add_permissions(permission);
  out.set_built_in(role.is_built_in);
  return out;
}

v1::Permissions to_proto(std::string user_id, const Grants& grants) {
  v1::Permissions out;
  out.set_user_id(std::move(user_id));
  for (const auto& role : grants.roles) out.add_roles(role);
  for (const auto& permission : grants.permissions) out.add_permissions(permission);
  return out;
}

Done checked_user_id(std::string_view text) {
  if (!UserId::parse(text)) return invalid_field("user_id", "user_id_invalid", "A user id is a lower-case UUID.");
  return {};
}

}  // namespace

events::Event make_account_event(std::string_view type, std::string_view user_id, const Clock& clock, Random& random) {
  events::Event event;
  event.occurred_at = clock.wall();
  event.event_id = Uuid::make_v7(event.occurred_at, random).str();
  event.event_type = type;
  event.source = "account";
  event.subject = user_id;
  return event;
}

events::Event Service::make_event(const Call& call, std::string_view type, std::string_view user_id,
                                  std::string_view role) const {
  auto event = make_account_event(type, user_id, clock_, random_);
  event.correlation_id = call.correlation_id.str();
  event.trace_parent = call.trace_parent.str();
  event.data.clear();
  json::Writer(event.data).begin_object().field("role", role).end_object();
  return event;
}

Service::Service(std::unique_ptr<Store> store, Bus<PermissionsChanged>& changes, const Clock& clock, Random& random)
    : store_(std::move(store)),
      changes_(changes),
      clock_(clock),
      random_(random),
      cache_(limits::user_cache_entries_max, Milliseconds{limits::permissions_cached_ms}, clock) {}

template <class T>
Task<T> Service::settle(Task<T> change, PermissionsChanged notice) {
  auto whole = settle_whole<T>(std::move(change), std::move(notice));
  co_return co_await uninterrupted(std::move(whole));
}

template <class T>
Task<T> Service::settle_whole(Task<T> change, PermissionsChanged notice) {
  auto changed = co_await std::move(change);
  if (!changed) co_return pass(changed);
  const Done told = co_await changes_.publish(std::move(notice));
  if (!told) log::error("a shard did not hear that permissions changed", {{"detail", told.error().detail}});
  co_return changed;
}

Task<v1::Permissions> Service::get_permissions(Call call, v1::GetPermissionsRequest request) {
  if (const auto* known = cache_.find(request.user_id())) co_return *known;
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  const auto ticket = cache_.begin_fill(request.user_id());
  const auto roles = co_await store_->load_roles_of(call, request.user_id());
  if (!roles) co_return pass(roles);
  auto permissions = to_proto(request.user_id(), add_up(*roles));
  cache_.put(ticket, request.user_id(), permissions);
  co_return permissions;
}

Task<v1::Profile> Service::get_profile(Call call, v1::GetProfileRequest request) {
  const auto profile = co_await store_->load_profile(call, request.user_id());
  if (!profile) co_return pass(profile);
  if (!*profile) co_return not_found("profile_not_found", "There is no profile for this user yet.");
  v1::Profile out;
  out.set_user_id((*profile)->user_id);
  out.set_joined_at_ms(to_ms((*profile)->joined_at));
  out.set_version((*profile)->version);
  co_return out;
}

Task<v1::ListRolesResponse> Service::list_roles(Call call, v1::ListRolesRequest) {
  const auto custom = co_await store_->list_custom_roles(call);
  if (!custom) co_return pass(custom);
  v1::ListRolesResponse out;
  for (const auto& role : built_in_roles()) *out.add_roles() = to_proto(role);
  for (const auto& role : *custom) *out.add_roles() = to_proto(role);
  co_return out;
}

Task<v1::Role> Service::put_role(Call call, v1::PutRoleRequest request) {
  Role asked{request.role().name(), {request.role().permissions().begin(), request.role().permissions().end()}};
  auto role = checked_role(std::move(asked));
  if (!role) co_return pass(role);
  auto change = store_->put_role(call, *role, clock_.wall());
  PermissionsChanged everybody;
  const auto put = co_await settle(std::move(change), std::move(everybody));
  if (!put) co_return pass(put);
  co_return to_proto(*role);
}

Task<v1::DeleteRoleResponse> Service::delete_role(Call call, v1::DeleteRoleRequest request) {
  if (find_built_in(request.name()))
    co_return fail(Code::failed_precondition, "role_built_in", "This role is built in and cannot be deleted.");
  const auto deleted = co_await store_->delete_role(call, request.name());
  if (!deleted) co_return pass(deleted);
  co_return v1::DeleteRoleResponse();
}

Task<v1::Permissions> Service::assign_role(Call call, v1::AssignRoleRequest request) {
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  auto event = make_event(call, event_types::role_assigned, request.user_id(), request.role());
  auto change = store_->assign(call, request.user_id(), request.role(), std::move(event));
  PermissionsChanged notice{request.user_id()};
  const auto changed = co_await settle(std::move(change), std::move(notice));
  if (!changed) co_return pass(changed);
  v1::GetPermissionsRequest now;
  now.set_user_id(request.user_id());
  co_return co_await get_permissions(call, std::move(now));
}

Task<v1::Permissions> Service::remove_role(Call call, v1::RemoveRoleRequest request) {
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  auto event = make_event(call, event_types::role_removed, request.user_id(), request.role());
  auto change = store_->remove(call, request.user_id(), request.role(), std::move(event));
  PermissionsChanged notice{request.user_id()};
  const auto changed = co_await settle(std::move(change), std::move(notice));
  if (!changed) co_return pass(changed);
  v1::GetPermissionsRequest now;
  now.set_user_id(request.user_id());
  co_return co_await get_permissions(call, std::move(now));
}

Task<v1::SetUserActiveResponse> Service::set_user_active(Call call, v1::SetUserActiveRequest request) {
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  const auto set = co_await store_->set_active(call, request.user_id(), request.active(), clock_.wall());
  if (!set) co_return pass(set);
  co_return v1::SetUserActiveResponse();
}

void Service::forget(const PermissionsChanged& notice) {
  if (notice.user_id.empty())
    cache_.clear();
  else
    cache_.invalidate(notice.user_id);
}

}  // namespace gatehouse::account
