// The door of the account role: what anybody else may ask of it. Values are the messages of
// api/proto/gatehouse/account/v1, where each method's errors are stated.
//
// One object per shard, called on that shard's thread only. Every method is one coroutine; its request is
// moved in and lives as long as the call does.
#pragma once

#include "gatehouse/account/v1/account.pb.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::account {

class Api {
 public:
  virtual ~Api() = default;

  virtual Task<v1::Permissions> get_permissions(Call call, v1::GetPermissionsRequest request) = 0;
  virtual Task<v1::Profile> get_profile(Call call, v1::GetProfileRequest request) = 0;
  virtual Task<v1::ListRolesResponse> list_roles(Call call, v1::ListRolesRequest request) = 0;
  virtual Task<v1::Role> put_role(Call call, v1::PutRoleRequest request) = 0;
  virtual Task<v1::DeleteRoleResponse> delete_role(Call call, v1::DeleteRoleRequest request) = 0;
  virtual Task<v1::Permissions> assign_role(Call call, v1::AssignRoleRequest request) = 0;
  virtual Task<v1::Permissions> remove_role(Call call, v1::RemoveRoleRequest request) = 0;
  virtual Task<v1::SetUserActiveResponse> set_user_active(Call call, v1::SetUserActiveRequest request) = 0;
};

}  // namespace gatehouse::account
