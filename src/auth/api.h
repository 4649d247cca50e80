// The door of the auth role: what anybody else may ask of it. Values are the messages of
// api/proto/gatehouse/auth/v1, where each method's errors are stated.
//
// One object per shard, called on that shard's thread only. Every method is one coroutine; its request is
// moved in and lives as long as the call does.
#pragma once

#include "gatehouse/auth/v1/auth.pb.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::auth {

class Api {
 public:
  virtual ~Api() = default;

  virtual Task<v1::Tokens> create_session(Call call, v1::CreateSessionRequest request) = 0;
  virtual Task<v1::Tokens> refresh(Call call, v1::RefreshRequest request) = 0;
  virtual Task<v1::ListSessionsResponse> list_sessions(Call call, v1::ListSessionsRequest request) = 0;
  virtual Task<v1::RevokeSessionResponse> revoke_session(Call call, v1::RevokeSessionRequest request) = 0;
  virtual Task<v1::RevokeUserSessionsResponse> revoke_user_sessions(Call call,
                                                                    v1::RevokeUserSessionsRequest request) = 0;
  virtual Task<v1::ListRevocationsResponse> list_revocations(Call call, v1::ListRevocationsRequest request) = 0;
  virtual Task<v1::KeySet> get_key_set(Call call, v1::GetKeySetRequest request) = 0;
  virtual Task<v1::KeySet> rotate_keys(Call call, v1::RotateKeysRequest request) = 0;
};

}  // namespace gatehouse::auth
