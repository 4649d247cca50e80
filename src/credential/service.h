// The credential role's use cases: one function each, in the order of api.h. One object per shard, on its thread only.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "config/config.h"
#include "credential/api.h"
#include "credential/hashing.h"
#include "credential/store.h"
#include "crypto/master_key.h"
#include "telemetry/metrics.h"

namespace gatehouse::credential {

// What a service needs from outside, beside its store.
struct ServiceParts {
  CpuPool& hash_pool;
  const config::Password& config;
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
  bool limits_enabled = true;
};

class Service final : public Api {
 public:
  Service(std::unique_ptr<Store> store, const ServiceParts& parts);
  ~Service() override;

  Task<v1::SetPasswordResponse> set_password(Call call, v1::SetPasswordRequest request) override;
  Task<v1::PreparedPassword> prepare_password(Call call, v1::PreparePasswordRequest request) override;
  Task<v1::ReplacePasswordResponse> replace_password(Call call, v1::ReplacePasswordRequest request) override;
  Task<v1::CheckPasswordResponse> check_password(Call call, v1::CheckPasswordRequest request) override;
  Task<v1::VerifyPasswordResponse> verify_password(Call call, v1::VerifyPasswordRequest request) override;
  Task<v1::HasPasswordResponse> has_password(Call call, v1::HasPasswordRequest request) override;
  Task<v1::DeleteCredentialsResponse> delete_credentials(Call call, v1::DeleteCredentialsRequest request) override;

 private:
  struct Counters;

  Task<v1::VerifyPasswordResponse> try_password(Call call, Attempt attempt, SecretString password);
  Task<BegunAttempt> begin(Call call, Attempt attempt);
  Task<void> settle_failure(Call call, Attempt attempt, bool is_event_due);
  Task<void> settle_success(Call call, Attempt attempt, bool is_clean);
  Task<void> upgrade_hash(Call call, PhcUpgrade upgrade, std::shared_ptr<const SecretString> password);
  [[nodiscard]] Attempt attempt_of(const Call& call, const v1::VerifyPasswordRequest& request) const;

  std::unique_ptr<Store> store_;
  ServiceParts parts_;
  SecretKey attempt_key_, prepared_key_;
  Hashing hashing_;
  std::unordered_set<std::string> upgrading_;  // users whose hash this shard is computing anew
  std::unique_ptr<Counters> count_;
};

}  // namespace gatehouse::credential
