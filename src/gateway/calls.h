// Calls: what every route does once its caller has been let in: reads the request, asks the roles, writes the
// response. One per gateway, on its shard's thread. Bodies stand by topic in *_calls.cpp; errors go back as Error and
// become problems in gateway.cpp.
#pragma once

#include <string>
#include <vector>

#include "account/api.h"
#include "auth/api.h"
#include "credential/api.h"
#include "gateway/exchange.h"
#include "gateway/permissions.h"
#include "gateway/rate_limits.h"
#include "gateway/registration.h"
#include "identity/api.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace gatehouse::gateway {

// What the calls are made of; references outlive them.
struct CallParts {
  identity::Api& identity;
  credential::Api& credential;
  auth::Api& auth;
  Permissions& permissions;
  account::Api& account;
  RateLimits& limits;
  const telemetry::Health& health;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
  std::string issuer;
};

class Calls {
 public:
  explicit Calls(CallParts parts)
      : parts_(std::move(parts)), registration_(parts_.identity, parts_.credential, parts_.auth, parts_.random) {}

  // auth_calls.cpp
  Task<http::Response> register_user(Exchange exchange);
  Task<http::Response> login(Exchange exchange);
  Task<http::Response> refresh(Exchange exchange);
  Task<http::Response> logout(Exchange exchange);
  // recovery_calls.cpp
  Task<http::Response> recover(Exchange exchange);
  Task<http::Response> start_recovery(Exchange exchange, identity::v1::StartRecoveryRequest request);
  Task<http::Response> reset_password(Exchange exchange);
  Task<http::Response> change_password(Exchange exchange);
  // user_calls.cpp
  Task<http::Response> get_me(Exchange exchange);
  Task<http::Response> update_me(Exchange exchange);
  Task<http::Response> delete_me(Exchange exchange);
  Task<http::Response> get_user(Exchange exchange);
  Task<http::Response> put_user(Exchange exchange);
  // identifier_calls.cpp
  Task<http::Response> list_identifiers(Exchange exchange);
  Task<http::Response> attach_identifier(Exchange exchange);
  Task<http::Response> detach_identifier(Exchange exchange);
  // session_calls.cpp
  Task<http::Response> list_sessions(Exchange exchange);
  Task<http::Response> revoke_session(Exchange exchange);
  Task<http::Response> revoke_other_sessions(Exchange exchange);
  // challenge_calls.cpp
  Task<http::Response> create_challenge(Exchange exchange);
  Task<http::Response> verify_challenge(Exchange exchange);
  // well_known_calls.cpp
  Task<http::Response> get_jwks(Exchange exchange);
  Task<http::Response> get_openid_configuration(Exchange exchange);
  Task<http::Response> get_openapi(Exchange exchange);
  // internal_calls.cpp
  Task<http::Response> get_permissions(Exchange exchange);
  // admin_calls.cpp
  Task<http::Response> get_liveness(Exchange exchange);
  Task<http::Response> get_readiness(Exchange exchange);
  Task<http::Response> get_metrics(Exchange exchange);

 private:
  // The user who is calling. UNAUTHENTICATED session_revoked when they are gone or may not act any more.
  Task<identity::v1::User> load_caller(Call call);
  Task<identity::v1::User> load_user(Call call, std::string user_id);
  Task<void> delete_user(Call call, identity::v1::DeleteUserRequest request);
  // The version a change may start from, given If-Match: nothing when any will do. version_mismatch.
  Task<std::optional<std::int64_t>> version_to_change(Exchange exchange, std::string user_id);
  Task<auth::v1::Tokens> open_session(Exchange exchange, std::string user_id, std::int64_t password_version);
  // All but `except`; a nil one spares none. `reason` as session.revoked says it.
  Task<void> end_sessions(Call call, std::string user_id, SessionId except, std::string_view reason);
  // `name`: the key of the name that was typed, if one was.
  // The version of the password that was right.
  Task<std::int64_t> verify_password(Call call, std::string user_id, std::string password, std::string account,
                                     std::string name = {});
  // The same of the caller's own, as login counts it: one state for both doors (S-21).
  // PERMISSION_DENIED current_password_wrong.
  Task<std::int64_t> verify_own_password(Call call, std::string password);
  Task<void> check_new_password(Call call, std::string password);
  Task<credential::v1::ReplacePasswordRequest> prepare_replacement(Call call, identity::v1::User user,
                                                                   std::string password);
  Task<void> redeem_and_replace(Call call, identity::v1::RedeemRecoveryRequest redemption,
                                credential::v1::ReplacePasswordRequest replacement);
  Task<void> replace_password(Call call, credential::v1::ReplacePasswordRequest request);
  // Whether this caller may have a mail sent to what they wrote as an address. What is none is let through: identity
  // refuses it with everything else that is wrong.
  [[nodiscard]] Admission admit_recipient(const Exchange& exchange, std::string_view email);

  CallParts parts_;
  Registration registration_;
};

// What a client calls itself, in visible ASCII and at most 256 octets.
[[nodiscard]] std::string user_agent_of(const http::Request& request);

[[nodiscard]] std::unexpected<Error> session_revoked();
[[nodiscard]] std::unexpected<Error> rate_limited(const Admission& admission);
[[nodiscard]] http::Response user_response(int status, const identity::v1::User& user);

}  // namespace gatehouse::gateway
