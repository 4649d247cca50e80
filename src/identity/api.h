// The door of the identity role: what anybody else may ask of it. Values are the messages of
// api/proto/gatehouse/identity/v1, where each method's errors are stated.
//
// One object per shard, called on that shard's thread only. Every method is one coroutine; its request is
// moved in and lives as long as the call does.
#pragma once

#include <string>
#include <string_view>

#include "gatehouse/identity/v1/identity.pb.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::identity {

// What every spelling of one e-mail address has in common: lower case, the domain in ASCII. Pure; any thread.
// INVALID_ARGUMENT email_invalid.
[[nodiscard]] Result<std::string> email_key(std::string_view email);

class Api {
 public:
  virtual ~Api() = default;

  virtual Task<v1::CreateUserResponse> create_user(Call call, v1::CreateUserRequest request) = 0;
  virtual Task<v1::User> activate_user(Call call, v1::ActivateUserRequest request) = 0;
  virtual Task<v1::ReleaseUserResponse> release_user(Call call, v1::ReleaseUserRequest request) = 0;
  virtual Task<v1::ListPendingUsersResponse> list_pending_users(Call call, v1::ListPendingUsersRequest request) = 0;
  virtual Task<v1::User> get_user(Call call, v1::GetUserRequest request) = 0;
  virtual Task<v1::User> get_user_by_username(Call call, v1::GetUserByUsernameRequest request) = 0;
  virtual Task<v1::User> get_user_by_email(Call call, v1::GetUserByEmailRequest request) = 0;
  virtual Task<v1::User> update_user(Call call, v1::UpdateUserRequest request) = 0;
  virtual Task<v1::User> set_user_disabled(Call call, v1::SetUserDisabledRequest request) = 0;
  virtual Task<v1::DeleteUserResponse> delete_user(Call call, v1::DeleteUserRequest request) = 0;
  virtual Task<v1::ListIdentifiersResponse> list_identifiers(Call call, v1::ListIdentifiersRequest request) = 0;
  virtual Task<v1::Identifier> attach_identifier(Call call, v1::AttachIdentifierRequest request) = 0;
  virtual Task<v1::DetachIdentifierResponse> detach_identifier(Call call, v1::DetachIdentifierRequest request) = 0;
  virtual Task<v1::Challenge> create_challenge(Call call, v1::CreateChallengeRequest request) = 0;
  virtual Task<v1::Challenge> verify_challenge(Call call, v1::VerifyChallengeRequest request) = 0;
  virtual Task<v1::StartRecoveryResponse> start_recovery(Call call, v1::StartRecoveryRequest request) = 0;
  virtual Task<v1::RedeemRecoveryResponse> redeem_recovery(Call call, v1::RedeemRecoveryRequest request) = 0;
  virtual Task<v1::RedeemRecoveryResponse> check_recovery(Call call, v1::RedeemRecoveryRequest request) = 0;
  virtual Task<v1::VoidRecoveriesResponse> void_recoveries(Call call, v1::VoidRecoveriesRequest request) = 0;
  virtual Task<v1::SubjectKey> get_subject_key(Call call, v1::GetSubjectKeyRequest request) = 0;
};

}  // namespace gatehouse::identity
