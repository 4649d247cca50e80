// Wiring of the gateway: the doors of the four roles in, one HTTP handler a listener and shard out.
//
// Parts outlive everything made from them. The make functions are called once per shard, before the shards start; the
// handlers belong to that shard. RateLimits are one for the process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "account/api.h"
#include "account/events.h"
#include "auth/api.h"
#include "auth/events.h"
#include "config/config.h"
#include "credential/api.h"
#include "gateway/rate_limits.h"
#include "http/server.h"
#include "identity/api.h"
#include "runtime/bus.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace gatehouse::gateway {

struct Parts {
  identity::Api& identity;  // the four of the same shard
  credential::Api& credential;
  auth::Api& auth;
  account::Api& account;
  Bus<auth::SessionsRevoked>& revocations;
  Bus<auth::KeysChanged>& key_changes;
  Bus<account::PermissionsChanged>& permission_changes;
  RateLimits& limits;
  const telemetry::Health& health;
  const config::Config& config;  // server, token
  std::string issuer;            // as auth::Parts has it
  std::vector<Digest> service_keys;  // SHA-256 of each key that x-service-auth may hold
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

// INVALID_ARGUMENT trusted_proxy_invalid.
[[nodiscard]] Result<std::unique_ptr<http::Handler>> make_public_gateway(Shard& shard, const Parts& parts);
[[nodiscard]] Result<std::unique_ptr<http::Handler>> make_internal_gateway(Shard& shard, const Parts& parts);
[[nodiscard]] Result<std::unique_ptr<http::Handler>> make_admin_gateway(Shard& shard, const Parts& parts);

// Every ten seconds, finishes or undoes registrations that stopped half way. Ends when cancelled. Run it in one
// Scope on the shard that the two Apis belong to.
Async<void> sweep_registrations(identity::Api& identity, credential::Api& credential, const Clock& clock);

}  // namespace gatehouse::gateway
