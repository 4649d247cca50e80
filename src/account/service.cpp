#include "account/service.h"

#include "base/id.h"
#include "base/limits.h"
#include "json/writer.h"

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

Task<v1::Permissions> Service::get_permissions(Call call, v1::GetPermissionsRequest request) {
  const auto known = cache_.find(request.user_id());
  if (known != cache_.end()) co_return known->second;
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  const auto heard = changes_heard_;
  const auto roles = co_await store_->load_roles_of(call, request.user_id());
  if (!roles) co_return pass(roles);
  auto permissions = to_proto(request.user_id(), add_up(*roles));
  if (heard == changes_heard_) {
    if (cache_.size() >= limits::user_cache_entries_max) cache_.clear();
    cache_.insert_or_assign(request.user_id(), permissions);
  }
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
  const auto put = co_await store_->put_role(call, *role, clock_.wall());
  if (!put) co_return pass(put);
  PermissionsChanged everybody;
  const auto told = co_await changes_.publish(std::move(everybody));
  if (!told) co_return pass(told);
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
  const auto changed = co_await store_->assign(call, request.user_id(), request.role(), std::move(event));
  if (!changed) co_return pass(changed);
  PermissionsChanged notice{request.user_id()};
  const auto told = co_await changes_.publish(std::move(notice));
  if (!told) co_return pass(told);
  v1::GetPermissionsRequest now;
  now.set_user_id(request.user_id());
  co_return co_await get_permissions(call, std::move(now));
}

Task<v1::Permissions> Service::remove_role(Call call, v1::RemoveRoleRequest request) {
  const auto valid = checked_user_id(request.user_id());
  if (!valid) co_return pass(valid);
  auto event = make_event(call, event_types::role_removed, request.user_id(), request.role());
  const auto changed = co_await store_->remove(call, request.user_id(), request.role(), std::move(event));
  if (!changed) co_return pass(changed);
  PermissionsChanged notice{request.user_id()};
  const auto told = co_await changes_.publish(std::move(notice));
  if (!told) co_return pass(told);
  v1::GetPermissionsRequest now;
  now.set_user_id(request.user_id());
  co_return co_await get_permissions(call, std::move(now));
}

void Service::forget(const PermissionsChanged& notice) {
  ++changes_heard_;
  if (notice.user_id.empty())
    cache_.clear();
  else
    cache_.erase(notice.user_id);
}

}  // namespace gatehouse::account
