// The auth role's use cases: one function each, in the order of api.h. One object per shard, on its thread only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/api.h"
#include "auth/events.h"
#include "auth/keys.h"
#include "auth/refresh_token.h"
#include "auth/store.h"
#include "config/config.h"
#include "runtime/bus.h"
#include "telemetry/metrics.h"

namespace gatehouse::auth {

// What a service needs from outside, beside its store.
struct ServiceParts {
  Bus<SessionsRevoked>& revocations;
  Bus<KeysChanged>& key_changes;
  const config::Token& config;
  std::string issuer;
  crypto::Alg alg;  // of config.algorithm
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

class Service final : public Api {
 public:
  Service(std::unique_ptr<Store> store, ServiceParts parts);
  ~Service() override;

  Task<v1::Tokens> create_session(Call call, v1::CreateSessionRequest request) override;
  Task<v1::Tokens> refresh(Call call, v1::RefreshRequest request) override;
  Task<v1::ListSessionsResponse> list_sessions(Call call, v1::ListSessionsRequest request) override;
  Task<v1::RevokeSessionResponse> revoke_session(Call call, v1::RevokeSessionRequest request) override;
  Task<v1::RevokeUserSessionsResponse> revoke_user_sessions(Call call, v1::RevokeUserSessionsRequest request) override;
  Task<v1::ListRevocationsResponse> list_revocations(Call call, v1::ListRevocationsRequest request) override;
  Task<v1::KeySet> get_key_set(Call call, v1::GetKeySetRequest request) override;
  Task<v1::KeySet> rotate_keys(Call call, v1::RotateKeysRequest request) override;

  void forget_keys() { keys_.forget(); }

 private:
  struct Grant;  // what an access token says
  struct Counters;

  Task<v1::Tokens> open_and_announce(Call call, v1::CreateSessionRequest request);
  Task<v1::Tokens> rotate_and_announce(Call call, RefreshToken presented);
  Task<v1::Tokens> end_reused(SessionId session, WallTime revoked_until);
  Task<std::vector<Revocation>> revoke_and_announce(Call call, RevokeSessions request);
  Task<v1::KeySet> rotate_keys_and_announce(Call call, crypto::Alg alg, bool is_forced);
  Task<void> announce(std::vector<Revocation> revoked);

  [[nodiscard]] OpenSession open_request(const v1::CreateSessionRequest& request, WallTime now) const;
  [[nodiscard]] v1::Tokens tokens_of(const LoadedKeys& keys, const Grant& grant, const RefreshToken& refresh) const;
  [[nodiscard]] v1::KeySet key_set_of(const KeyRing& ring) const;
  [[nodiscard]] Milliseconds access_lifetime() const { return std::chrono::seconds{parts_.config.access_lifetime_s}; }

  std::unique_ptr<Store> store_;
  ServiceParts parts_;
  RefreshTokens refresh_tokens_;
  SecretKey page_token_key_;
  Keys keys_;
  std::unique_ptr<Counters> count_;
};

}  // namespace gatehouse::auth
