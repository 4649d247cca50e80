// The roles in memory, small, for the gateway's tests: what they remember is public, any method can be made to
// fail, and every call is noted. Used on one shard.
#pragma once

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "account/api.h"
#include "account/events.h"
#include "auth/api.h"
#include "auth/events.h"
#include "crypto/jose.h"
#include "identity/api.h"
#include "runtime/bus.h"

namespace gatehouse::gateway {

// What a door was asked, and what it is told to fail with.
class Door {
 public:
  std::vector<std::string> asked;
  std::map<std::string, Error> failures;  // by method; taken once unless `keeps_failing`
  bool keeps_failing = false;
  std::string throws_at;  // the method that breaks the rule that exceptions stop at the adapter
  std::string ended_at;   // the method that is ended by cancellation
  Call last_call{};

  void fail_next(const std::string& method, Code code, const std::string& reason) {
    failures[method] = fail(code, reason, "Told to fail.").error();
  }
  [[nodiscard]] long times(const std::string& method) const { return std::ranges::count(asked, method); }

 protected:
  Done enter(const std::string& method) {
    asked.push_back(method);
    if (method == throws_at) throw std::runtime_error("cannot open /var/lib/users.db");
    if (method == ended_at) throw boost::system::system_error(asio::error::operation_aborted);
    const auto told = failures.find(method);
    if (told == failures.end()) return {};
    auto error = told->second;
    if (!keeps_failing) failures.erase(told);
    return std::unexpected(std::move(error));
  }
};

inline std::string test_uuid(int number) {
  auto digits = std::to_string(number);
  return "018bcfe5-687b-7000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

class FakeIdentity final : public identity::Api, public Door {
 public:
  explicit FakeIdentity(const Clock& clock) : clock_(clock) {}

  std::map<std::string, identity::v1::User> users;
  std::map<std::string, std::pair<std::string, std::string>> keys;  // idempotency key → (request hash, user id)
  std::map<std::string, identity::v1::Identifier> identifiers;      // by id; the owner stands in owner_of
  std::map<std::string, std::string> owner_of;
  std::string solved_challenge = test_uuid(900);
  identity::v1::DeleteUserRequest last_deleted;
  bool forget_at_attach = false;  // everybody is released just before an address is attached
  std::string recovery_owner;  // whose recovery challenge test_uuid(901) with the code 12345678 is

  identity::v1::User& add(const std::string& username, identity::v1::UserStatus status = identity::v1::USER_STATUS_ACTIVE) {
    identity::v1::User user;
    user.set_id(test_uuid(++last_id_));
    user.set_username(username);
    user.set_status(status);
    user.set_created_at_ms(to_ms(clock_.wall()));
    user.set_updated_at_ms(to_ms(clock_.wall()));
    user.set_version(1);
    return users[user.id()] = user;
  }

  Task<identity::v1::CreateUserResponse> create_user(Call, identity::v1::CreateUserRequest request) override {
    if (auto entered = enter("create_user"); !entered) co_return pass(entered);
    identity::v1::CreateUserResponse response;
    if (const auto known = keys.find(request.idempotency_key()); known != keys.end()) {
      if (known->second.first != request.request_hash())
        co_return fail(Code::aborted, "idempotency_key_reused", "Used.");
      *response.mutable_user() = users.at(known->second.second);
      response.set_resumed(true);
      co_return response;
    }
    if (find_name(request.username())) co_return conflict("username_taken", "Taken.");
    const auto id = add(request.username(), identity::v1::USER_STATUS_PENDING).id();
    if (!request.email().empty()) attach(id, "email", request.email());
    *response.mutable_user() = users[id];
    keys[request.idempotency_key()] = {request.request_hash(), response.user().id()};
    co_return response;
  }
  Task<identity::v1::User> activate_user(Call, identity::v1::ActivateUserRequest request) override {
    if (auto entered = enter("activate_user"); !entered) co_return pass(entered);
    if (!users.contains(request.user_id())) co_return not_found("user_not_found", "Nobody.");
    if (users[request.user_id()].status() == identity::v1::USER_STATUS_DISABLED)
      co_return fail(Code::permission_denied, "user_disabled", "Disabled.");
    users[request.user_id()].set_status(identity::v1::USER_STATUS_ACTIVE);
    co_return users[request.user_id()];
  }
  Task<identity::v1::ReleaseUserResponse> release_user(Call, identity::v1::ReleaseUserRequest request) override {
    if (auto entered = enter("release_user"); !entered) co_return pass(entered);
    identity::v1::ReleaseUserResponse response;
    const auto user = users.find(request.user_id());
    if (user == users.end() || user->second.status() != identity::v1::USER_STATUS_PENDING) co_return response;
    users.erase(user);
    std::erase_if(keys, [&](const auto& entry) { return entry.second.second == request.user_id(); });
    response.set_released(true);
    co_return response;
  }
  Task<identity::v1::ListPendingUsersResponse> list_pending_users(Call,
                                                                  identity::v1::ListPendingUsersRequest request) override {
    if (auto entered = enter("list_pending_users"); !entered) co_return pass(entered);
    identity::v1::ListPendingUsersResponse response;
    for (const auto& [id, user] : users)
      if (user.status() == identity::v1::USER_STATUS_PENDING && user.created_at_ms() < request.created_before_ms())
        *response.add_users() = user;
    co_return response;
  }
  Task<identity::v1::User> get_user(Call call, identity::v1::GetUserRequest request) override {
    last_call = call;
    if (auto entered = enter("get_user"); !entered) co_return pass(entered);
    if (!users.contains(request.user_id())) co_return not_found("user_not_found", "Nobody.");
    co_return users[request.user_id()];
  }
  Task<identity::v1::User> get_user_by_username(Call, identity::v1::GetUserByUsernameRequest request) override {
    if (auto entered = enter("get_user_by_username"); !entered) co_return pass(entered);
    if (const auto* user = find_name(request.username())) co_return *user;
    co_return not_found("user_not_found", "Nobody.");
  }
  Task<identity::v1::User> get_user_by_email(Call, identity::v1::GetUserByEmailRequest request) override {
    if (auto entered = enter("get_user_by_email"); !entered) co_return pass(entered);
    for (const auto& [id, identifier] : identifiers)
      if (identifier.verified() && identifier.value() == request.email()) co_return users[owner_of[id]];
    co_return not_found("user_not_found", "Nobody.");
  }
  Task<identity::v1::User> update_user(Call, identity::v1::UpdateUserRequest request) override {
    if (auto entered = enter("update_user"); !entered) co_return pass(entered);
    if (!users.contains(request.user_id())) co_return not_found("user_not_found", "Nobody.");
    auto& user = users[request.user_id()];
    if (request.has_expected_version() && request.expected_version() != user.version())
      co_return fail(Code::failed_precondition, "version_mismatch", "Changed.");
    if (request.has_username()) user.set_username(request.username());
    if (request.has_display_name()) user.set_display_name(request.display_name());
    if (request.has_locale()) user.set_locale(request.locale());
    user.set_version(user.version() + 1);
    co_return user;
  }
  Task<identity::v1::User> set_user_disabled(Call, identity::v1::SetUserDisabledRequest) override {
    co_return fail(Code::unimplemented, "unimplemented", "");
  }
  Task<identity::v1::DeleteUserResponse> delete_user(Call, identity::v1::DeleteUserRequest request) override {
    if (auto entered = enter("delete_user"); !entered) co_return pass(entered);
    last_deleted = request;
    if (users.erase(request.user_id()) == 0) co_return not_found("user_not_found", "Nobody.");
    co_return identity::v1::DeleteUserResponse();
  }
  Task<identity::v1::ListIdentifiersResponse> list_identifiers(Call, identity::v1::ListIdentifiersRequest request) override {
    if (auto entered = enter("list_identifiers"); !entered) co_return pass(entered);
    identity::v1::ListIdentifiersResponse response;
    for (const auto& [id, identifier] : identifiers)
      if (owner_of[id] == request.user_id()) *response.add_identifiers() = identifier;
    co_return response;
  }
  Task<identity::v1::Identifier> attach_identifier(Call, identity::v1::AttachIdentifierRequest request) override {
    if (auto entered = enter("attach_identifier"); !entered) co_return pass(entered);
    if (forget_at_attach) users.clear(), keys.clear();
    if (!users.contains(request.user_id())) co_return not_found("user_not_found", "Nobody.");
    if (!request.challenge_id().empty() && request.challenge_id() != solved_challenge)
      co_return fail(Code::failed_precondition, "challenge_not_solved", "Not solved.");
    for (auto& [id, identifier] : identifiers)
      if (owner_of[id] == request.user_id() && identifier.value() == request.value()) {
        if (!request.challenge_id().empty()) verify(identifier);
        co_return identifier;
      }
    auto& identifier = attach(request.user_id(), request.type(), request.value());
    if (!request.challenge_id().empty()) verify(identifier);
    co_return identifier;
  }
  Task<identity::v1::DetachIdentifierResponse> detach_identifier(Call,
                                                                 identity::v1::DetachIdentifierRequest request) override {
    if (auto entered = enter("detach_identifier"); !entered) co_return pass(entered);
    if (owner_of[request.identifier_id()] != request.user_id()) co_return not_found("identifier_not_found", "None.");
    identifiers.erase(request.identifier_id());
    co_return identity::v1::DetachIdentifierResponse();
  }
  Task<identity::v1::Challenge> create_challenge(Call, identity::v1::CreateChallengeRequest) override {
    if (auto entered = enter("create_challenge"); !entered) co_return pass(entered);
    identity::v1::Challenge challenge;
    challenge.set_id(test_uuid(900));
    challenge.set_expires_at_ms(to_ms(clock_.wall()) + 600'000);
    co_return challenge;
  }
  Task<identity::v1::Challenge> verify_challenge(Call, identity::v1::VerifyChallengeRequest request) override {
    if (auto entered = enter("verify_challenge"); !entered) co_return pass(entered);
    if (request.code() != "12345678") co_return invalid_field("code", "challenge_code_wrong", "Wrong.");
    identity::v1::Challenge challenge;
    challenge.set_id(request.challenge_id());
    challenge.set_solved(true);
    co_return challenge;
  }
  Task<identity::v1::StartRecoveryResponse> start_recovery(Call, identity::v1::StartRecoveryRequest) override {
    if (auto entered = enter("start_recovery"); !entered) co_return pass(entered);
    identity::v1::StartRecoveryResponse response;
    response.set_challenge_id(test_uuid(901));
    response.set_expires_at_ms(to_ms(clock_.wall()) + 600'000);
    co_return response;
  }
  Task<identity::v1::RedeemRecoveryResponse> redeem_recovery(Call, identity::v1::RedeemRecoveryRequest request) override {
    if (auto entered = enter("redeem_recovery"); !entered) co_return pass(entered);
    if (request.code() != "12345678" || recovery_owner.empty())
      co_return invalid_field("code", "challenge_code_wrong", "Wrong.");
    identity::v1::RedeemRecoveryResponse response;
    response.set_user_id(std::exchange(recovery_owner, ""));
    co_return response;
  }
  Task<identity::v1::RedeemRecoveryResponse> check_recovery(Call, identity::v1::RedeemRecoveryRequest request) override {
    if (auto entered = enter("check_recovery"); !entered) co_return pass(entered);
    if (request.code() != "12345678" || recovery_owner.empty())
      co_return invalid_field("code", "challenge_code_wrong", "Wrong.");
    identity::v1::RedeemRecoveryResponse response;
    response.set_user_id(recovery_owner);
    co_return response;
  }
  Task<identity::v1::VoidRecoveriesResponse> void_recoveries(Call, identity::v1::VoidRecoveriesRequest request) override {
    if (auto entered = enter("void_recoveries"); !entered) co_return pass(entered);
    if (recovery_owner == request.user_id()) recovery_owner.clear();
    co_return identity::v1::VoidRecoveriesResponse();
  }
  Task<identity::v1::SubjectKey> get_subject_key(Call, identity::v1::GetSubjectKeyRequest) override {
    co_return not_found("erased", "");
  }

 private:
  identity::v1::Identifier& attach(const std::string& user_id, const std::string& type, const std::string& value) {
    identity::v1::Identifier identifier;
    identifier.set_id(test_uuid(++last_id_));
    identifier.set_type(type);
    identifier.set_value(value);
    owner_of[identifier.id()] = user_id;
    users[user_id].set_email(value);
    users[user_id].set_email_verified(false);
    return identifiers[identifier.id()] = identifier;
  }
  void verify(identity::v1::Identifier& identifier) {
    identifier.set_verified(true);
    users[owner_of[identifier.id()]].set_email_verified(true);
  }
  const identity::v1::User* find_name(const std::string& username) const {
    for (const auto& [id, user] : users)
      if (user.username() == username) return &user;
    return nullptr;
  }
  const Clock& clock_;
  int last_id_ = 0;
};

}  // namespace gatehouse::gateway
