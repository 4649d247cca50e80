// The auth and account roles in memory, for the gateway's tests. Tokens are real ones.
#pragma once

#include <functional>

#include "gateway/test_doors.h"
#include "runtime/timer.h"

namespace gatehouse::gateway {

class FakeAuth final : public auth::Api, public Door {
 public:
  FakeAuth(Bus<auth::SessionsRevoked>& revocations, Bus<auth::KeysChanged>& key_changes, const Clock& clock)
      : revocations_(revocations), key_changes_(key_changes), clock_(clock) {
    keys.push_back(crypto::SigningKey::generate(crypto::Alg::es256).value());
  }

  std::vector<crypto::SigningKey> keys;  // the last one signs
  std::string broken_jwk;        // published too, unless empty
  std::int64_t generation = 1;
  std::map<std::string, std::string> sessions;  // session id → user id
  std::map<std::string, std::string> session_keys;  // idempotency key → session id
  std::map<std::string, std::int64_t> password_versions;  // session id → of the password that opened it; 0 at first
  std::vector<std::pair<std::string, std::int64_t>> revoked;
  std::vector<std::string> reasons;
  auth::v1::CreateSessionRequest last_created;

  // An access token as this role would issue it, but for what `change` does to its claims.
  std::string token_for(const std::string& user_id, const std::string& session_id,
                        std::function<void(crypto::AccessClaims&)> change = {}) const {
    crypto::AccessClaims claims;
    claims.issuer = "http://gatehouse.test";
    claims.audience = "gatehouse";
    claims.subject = user_id;
    claims.session_id = session_id;
    claims.token_id = test_uuid(999);
    claims.issued_at_s = to_seconds(clock_.wall());
    claims.expires_at_s = claims.issued_at_s + 300;
    if (change) change(claims);
    return crypto::sign_access_token(keys.back(), claims);
  }
  std::string open_session(const std::string& user_id) {
    const auto id = test_uuid(500 + ++last_session_);
    sessions[id] = user_id;
    return id;
  }

  Task<auth::v1::Tokens> create_session(Call, auth::v1::CreateSessionRequest request) override {
    if (auto entered = enter("create_session"); !entered) co_return pass(entered);
    last_created = request;
    auto& known = session_keys[request.idempotency_key()];
    if (known.empty() || request.idempotency_key().empty()) known = open_session(request.user_id());
    co_return tokens(request.user_id(), known);
  }
  Task<auth::v1::Tokens> refresh(Call, auth::v1::RefreshRequest request) override {
    if (auto entered = enter("refresh"); !entered) co_return pass(entered);
    const auto session = sessions.find(request.refresh_token());  // the fake's refresh token is the session's id
    if (session == sessions.end()) co_return fail(Code::unauthenticated, "invalid_refresh_token", "No.");
    co_return tokens(session->second, session->first);
  }
  Task<auth::v1::ListSessionsResponse> list_sessions(Call, auth::v1::ListSessionsRequest request) override {
    if (auto entered = enter("list_sessions"); !entered) co_return pass(entered);
    auth::v1::ListSessionsResponse response;
    for (const auto& [id, user] : sessions)
      if (user == request.user_id() && response.sessions_size() < request.page_size()) response.add_sessions()->set_id(id);
    if (response.sessions_size() == request.page_size()) response.set_next_page_token("next");
    co_return response;
  }
  Task<auth::v1::RevokeSessionResponse> revoke_session(Call, auth::v1::RevokeSessionRequest request) override {
    if (auto entered = enter("revoke_session"); !entered) co_return pass(entered);
    const auto session = sessions.find(request.session_id());
    if (session == sessions.end() || session->second != request.user_id())
      co_return not_found("session_not_found", "None.");
    sessions.erase(session);
    auto notice = notice_of(request.session_id());
    const auto told = co_await revocations_.publish(std::move(notice));
    if (!told) co_return pass(told);
    co_return auth::v1::RevokeSessionResponse();
  }
  Task<auth::v1::RevokeUserSessionsResponse> revoke_user_sessions(Call,
                                                                  auth::v1::RevokeUserSessionsRequest request) override {
    if (auto entered = enter("revoke_user_sessions"); !entered) co_return pass(entered);
    reasons.push_back(request.reason());
    auth::SessionsRevoked notice{.until = clock_.wall() + Milliseconds{360'000}};
    for (const auto& [id, user] : sessions)
      if (user == request.user_id() && id != request.except_session_id() &&
          (request.password_version() == 0 || password_versions[id] < request.password_version()))
        notice.sessions.push_back(*SessionId::parse(id));
    for (const auto& id : notice.sessions) sessions.erase(id.str());
    auth::v1::RevokeUserSessionsResponse response;
    response.set_revoked(static_cast<int>(notice.sessions.size()));
    const auto told = co_await revocations_.publish(std::move(notice));
    if (!told) co_return pass(told);
    co_return response;
  }
  Task<auth::v1::ListRevocationsResponse> list_revocations(Call, auth::v1::ListRevocationsRequest) override {
    if (auto entered = enter("list_revocations"); !entered) co_return pass(entered);
    co_await sleep_for(Milliseconds{0});  // others get their turn, as while a store is read
    auth::v1::ListRevocationsResponse response;
    for (const auto& [session, until_ms] : revoked) {
      auto* revocation = response.add_revocations();
      revocation->set_session_id(session);
      revocation->set_until_ms(until_ms);
    }
    co_return response;
  }
  Task<auth::v1::KeySet> get_key_set(Call, auth::v1::GetKeySetRequest) override {
    if (auto entered = enter("get_key_set"); !entered) co_return pass(entered);
    co_await sleep_for(Milliseconds{0});
    auth::v1::KeySet set;
    set.set_generation(generation);
    if (!broken_jwk.empty()) set.add_keys()->set_jwk(broken_jwk);
    for (const auto& key : keys) {
      auto* published = set.add_keys();
      published->set_kid(key.kid());
      published->set_alg(std::string(crypto::name_of(key.alg())));
      published->set_jwk(key.public_jwk());
    }
    co_return set;
  }
  Task<auth::v1::KeySet> rotate_keys(Call call, auth::v1::RotateKeysRequest) override {
    keys.push_back(crypto::SigningKey::generate(crypto::Alg::es256).value());
    auth::KeysChanged notice{++generation};
    const auto told = co_await key_changes_.publish(std::move(notice));
    if (!told) co_return pass(told);
    auth::v1::GetKeySetRequest request;
    co_return co_await get_key_set(call, std::move(request));
  }

 private:
  auth::SessionsRevoked notice_of(const std::string& session) const {
    return {.sessions = {*SessionId::parse(session)}, .until = clock_.wall() + Milliseconds{360'000}};
  }
  auth::v1::Tokens tokens(const std::string& user_id, const std::string& session_id) const {
    auth::v1::Tokens tokens;
    tokens.set_access_token(token_for(user_id, session_id));
    tokens.set_access_expires_in_s(300);
    tokens.set_refresh_token(session_id);
    tokens.set_refresh_expires_in_s(2'592'000);
    tokens.set_session_id(session_id);
    return tokens;
  }
  Bus<auth::SessionsRevoked>& revocations_;
  Bus<auth::KeysChanged>& key_changes_;
  const Clock& clock_;
  int last_session_ = 0;
};

class FakeAccount final : public account::Api, public Door {
 public:
  std::map<std::string, std::vector<std::string>> permissions;  // by user id
  std::string last_admin;                                       // who must stay
  std::set<std::string> inactive;

  Task<account::v1::Permissions> get_permissions(Call, account::v1::GetPermissionsRequest request) override {
    if (auto entered = enter("get_permissions"); !entered) co_return pass(entered);
    account::v1::Permissions response;
    response.set_user_id(request.user_id());
    response.add_roles(permissions[request.user_id()].empty() ? "user" : "admin");
    for (const auto& permission : permissions[request.user_id()]) response.add_permissions(permission);
    co_return response;
  }
  Task<account::v1::SetUserActiveResponse> set_user_active(Call, account::v1::SetUserActiveRequest request) override {
    if (auto entered = enter("set_user_active"); !entered) co_return pass(entered);
    if (!request.active() && request.user_id() == last_admin)
      co_return fail(Code::failed_precondition, "last_admin", "The last one.");
    if (request.active())
      inactive.erase(request.user_id());
    else
      inactive.insert(request.user_id());
    co_return account::v1::SetUserActiveResponse();
  }
  Task<account::v1::Profile> get_profile(Call, account::v1::GetProfileRequest) override { co_return none(); }
  Task<account::v1::ListRolesResponse> list_roles(Call, account::v1::ListRolesRequest) override { co_return none(); }
  Task<account::v1::Role> put_role(Call, account::v1::PutRoleRequest) override { co_return none(); }
  Task<account::v1::DeleteRoleResponse> delete_role(Call, account::v1::DeleteRoleRequest) override { co_return none(); }
  Task<account::v1::Permissions> assign_role(Call, account::v1::AssignRoleRequest) override { co_return none(); }
  Task<account::v1::Permissions> remove_role(Call, account::v1::RemoveRoleRequest) override { co_return none(); }

 private:
  static std::unexpected<Error> none() { return fail(Code::unimplemented, "unimplemented", ""); }
};

}  // namespace gatehouse::gateway
