// Identity's use cases: checks what comes in, asks the store, tells every shard what changed before it returns.
//
// One per shard, on that shard's thread. Users that were read are kept in the shard's L1 by id, and their names by
// username key; what is not there is never remembered. A change goes out on the Bus after its commit and before its
// answer, so that a later request anywhere in the process sees it; it goes out also when the caller has given up.
#pragma once

#include <memory>

#include "crypto/master_key.h"
#include "identity/api.h"
#include "identity/counters.h"
#include "identity/store.h"
#include "resilience/cache.h"
#include "resilience/single_flight.h"
#include "runtime/bus.h"
#include "runtime/scope.h"
#include "runtime/uninterrupted.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace gatehouse::identity {

struct ServiceParts {
  std::unique_ptr<Store> store;
  Bus<UserChanged>& changes;
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

class Service final : public Api {
 public:
  Service(Shard& shard, ServiceParts parts);

  Task<v1::CreateUserResponse> create_user(Call call, v1::CreateUserRequest request) override;
  Task<v1::User> activate_user(Call call, v1::ActivateUserRequest request) override;
  Task<v1::ReleaseUserResponse> release_user(Call call, v1::ReleaseUserRequest request) override;
  Task<v1::ListPendingUsersResponse> list_pending_users(Call call, v1::ListPendingUsersRequest request) override;
  Task<v1::User> get_user(Call call, v1::GetUserRequest request) override;
  Task<v1::User> get_user_by_username(Call call, v1::GetUserByUsernameRequest request) override;
  Task<v1::User> get_user_by_email(Call call, v1::GetUserByEmailRequest request) override;
  Task<v1::User> update_user(Call call, v1::UpdateUserRequest request) override;
  Task<v1::User> set_user_disabled(Call call, v1::SetUserDisabledRequest request) override;
  Task<v1::DeleteUserResponse> delete_user(Call call, v1::DeleteUserRequest request) override;
  Task<v1::ListIdentifiersResponse> list_identifiers(Call call, v1::ListIdentifiersRequest request) override;
  Task<v1::Identifier> attach_identifier(Call call, v1::AttachIdentifierRequest request) override;
  Task<v1::DetachIdentifierResponse> detach_identifier(Call call, v1::DetachIdentifierRequest request) override;
  Task<v1::Challenge> create_challenge(Call call, v1::CreateChallengeRequest request) override;
  Task<v1::Challenge> verify_challenge(Call call, v1::VerifyChallengeRequest request) override;
  Task<v1::StartRecoveryResponse> start_recovery(Call call, v1::StartRecoveryRequest request) override;
  Task<v1::RedeemRecoveryResponse> redeem_recovery(Call call, v1::RedeemRecoveryRequest request) override;
  Task<v1::RedeemRecoveryResponse> check_recovery(Call call, v1::RedeemRecoveryRequest request) override;
  Task<v1::VoidRecoveriesResponse> void_recoveries(Call call, v1::VoidRecoveriesRequest request) override;
  Task<v1::SubjectKey> get_subject_key(Call call, v1::GetSubjectKeyRequest request) override;

  // Drops what this shard knows of a user. Called by the Bus.
  void forget(const UserChanged& changed);

 private:
  [[nodiscard]] Occasion occasion_of(const Call& call) const;
  // Awaits a change and tells every shard of it.
  template <class T>
  Task<T> settle(Task<Changed<T>> change);
  template <class T>
  Task<T> settle_whole(Task<Changed<T>> change);
  Task<v1::User> fill_user(Call call, UserId id);

  [[nodiscard]] NewChallenge new_challenge(Purpose purpose, Email email, const Occasion& occasion) const;
  [[nodiscard]] Digest hash_address(const Email& email) const;
  Task<Judged> judge(Call call, Guess guess);
  Task<v1::RedeemRecoveryResponse> judge_recovery(Call call, v1::RedeemRecoveryRequest request, Use use);

  std::unique_ptr<Store> store_;
  Bus<UserChanged>& changes_;
  const Clock& clock_;
  Random& random_;
  SecretKey code_key_, address_key_, idempotency_key_key_, origin_key_;
  Scope fills_scope_;
  SingleFlight<UserId, v1::User> fills_;
  Cache<UserId, v1::User> users_;
  Cache<std::string, UserId, StringHash> names_;
  Counters counters_;
};

template <class T>
Task<T> Service::settle(Task<Changed<T>> change) {
  // A caller who gives up between the commit and the telling must not leave the old value in other shards' caches.
  auto whole = settle_whole<T>(std::move(change));
  co_return co_await uninterrupted(std::move(whole));
}

template <class T>
Task<T> Service::settle_whole(Task<Changed<T>> change) {
  auto changed = co_await std::move(change);
  if (!changed) co_return pass(changed);
  for (auto& user : changed->users) {
    auto publish = changes_.publish(std::move(user));
    const Done told = co_await std::move(publish);
    if (!told) log::error("a shard did not hear that a user changed", {{"detail", told.error().detail}});
  }
  co_return std::move(changed->value);
}

}  // namespace gatehouse::identity
