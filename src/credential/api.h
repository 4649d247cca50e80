// The door of the credential role: what anybody else may ask of it. Values are the messages of
// api/proto/gatehouse/credential/v1, where each method's errors are stated.
//
// One object per shard, called on that shard's thread only. Every method is one coroutine; its request is
// moved in and lives as long as the call does.
#pragma once

#include "gatehouse/credential/v1/credential.pb.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::credential {

class Api {
 public:
  virtual ~Api() = default;

  virtual Task<v1::SetPasswordResponse> set_password(Call call, v1::SetPasswordRequest request) = 0;
  virtual Task<v1::PreparedPassword> prepare_password(Call call, v1::PreparePasswordRequest request) = 0;
  virtual Task<v1::ReplacePasswordResponse> replace_password(Call call, v1::ReplacePasswordRequest request) = 0;
  virtual Task<v1::CheckPasswordResponse> check_password(Call call, v1::CheckPasswordRequest request) = 0;
  virtual Task<v1::VerifyPasswordResponse> verify_password(Call call, v1::VerifyPasswordRequest request) = 0;
  virtual Task<v1::HasPasswordResponse> has_password(Call call, v1::HasPasswordRequest request) = 0;
  virtual Task<v1::DeleteCredentialsResponse> delete_credentials(Call call, v1::DeleteCredentialsRequest request) = 0;
};

}  // namespace gatehouse::credential
