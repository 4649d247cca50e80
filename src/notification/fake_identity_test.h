// An identity door for tests that knows subject keys, users and their addresses, and nothing else.
#pragma once

#include <map>

#include "base/bytes.h"
#include "base/random.h"
#include "identity/api.h"

namespace gatehouse::notification {

class FakeIdentity final : public identity::Api {
  using v1_User = identity::v1::User;
  template <class T>
  static Task<T> unknown() {
    co_return fail(Code::unimplemented, "not_in_this_test", "No.");
  }

 public:
  std::map<std::string, std::string> keys;  // octets by id
  std::map<std::string, v1_User> users;  // by id
  std::map<std::string, identity::v1::ListIdentifiersResponse> addresses;
  bool is_away = false;

  void add_key(const std::string& id, Random& random) {
    std::array<std::uint8_t, 32> octets{};
    random.fill(octets);
    keys[id] = as_view(octets);
  }

  Task<identity::v1::SubjectKey> get_subject_key(Call, identity::v1::GetSubjectKeyRequest request) override {
    if (is_away) co_return unavailable("storage_busy", "test");
    const auto found = keys.find(request.key_id());
    if (found == keys.end()) co_return not_found("erased", "Gone.");
    identity::v1::SubjectKey key;
    key.set_key_id(request.key_id());
    key.set_key(found->second);
    co_return key;
  }

  Task<v1_User> get_user(Call, identity::v1::GetUserRequest request) override {
    if (is_away) co_return unavailable("storage_busy", "test");
    const auto found = users.find(request.user_id());
    if (found == users.end()) co_return not_found("user_not_found", "Gone.");
    co_return found->second;
  }
  Task<identity::v1::ListIdentifiersResponse> list_identifiers(Call, identity::v1::ListIdentifiersRequest request) override {
    if (is_away) co_return unavailable("storage_busy", "test");
    co_return addresses[request.user_id()];
  }
  // Somebody with verified addresses, whose ids are "id-of-" the address.
  void add_user(const std::string& id, std::initializer_list<std::string> verified, Random& random) {
    add_key(id, random);
    users[id].set_id(id);
    users[id].set_username("alice");
    for (const auto& address : verified) {
      auto* identifier = addresses[id].add_identifiers();
      identifier->set_id("id-of-" + address);
      identifier->set_value(address);
      identifier->set_verified(true);
    }
  }

  Task<identity::v1::CreateUserResponse> create_user(Call, identity::v1::CreateUserRequest) override { return unknown<identity::v1::CreateUserResponse>(); }
  Task<v1_User> activate_user(Call, identity::v1::ActivateUserRequest) override { return unknown<v1_User>(); }
  Task<identity::v1::ReleaseUserResponse> release_user(Call, identity::v1::ReleaseUserRequest) override { return unknown<identity::v1::ReleaseUserResponse>(); }
  Task<identity::v1::ListPendingUsersResponse> list_pending_users(Call, identity::v1::ListPendingUsersRequest) override { return unknown<identity::v1::ListPendingUsersResponse>(); }
  Task<v1_User> get_user_by_username(Call, identity::v1::GetUserByUsernameRequest) override { return unknown<v1_User>(); }
  Task<v1_User> get_user_by_email(Call, identity::v1::GetUserByEmailRequest) override { return unknown<v1_User>(); }
  Task<v1_User> update_user(Call, identity::v1::UpdateUserRequest) override { return unknown<v1_User>(); }
  Task<v1_User> set_user_disabled(Call, identity::v1::SetUserDisabledRequest) override { return unknown<v1_User>(); }
  Task<identity::v1::DeleteUserResponse> delete_user(Call, identity::v1::DeleteUserRequest) override { return unknown<identity::v1::DeleteUserResponse>(); }
  Task<identity::v1::Identifier> attach_identifier(Call, identity::v1::AttachIdentifierRequest) override { return unknown<identity::v1::Identifier>(); }
  Task<identity::v1::DetachIdentifierResponse> detach_identifier(Call, identity::v1::DetachIdentifierRequest) override { return unknown<identity::v1::DetachIdentifierResponse>(); }
  Task<identity::v1::Challenge> create_challenge(Call, identity::v1::CreateChallengeRequest) override { return unknown<identity::v1::Challenge>(); }
  Task<identity::v1::Challenge> verify_challenge(Call, identity::v1::VerifyChallengeRequest) override { return unknown<identity::v1::Challenge>(); }
  Task<identity::v1::StartRecoveryResponse> start_recovery(Call, identity::v1::StartRecoveryRequest) override { return unknown<identity::v1::StartRecoveryResponse>(); }
  Task<identity::v1::RedeemRecoveryResponse> check_recovery(Call, identity::v1::RedeemRecoveryRequest) override { return unknown<identity::v1::RedeemRecoveryResponse>(); }
  Task<identity::v1::VoidRecoveriesResponse> void_recoveries(Call, identity::v1::VoidRecoveriesRequest) override { return unknown<identity::v1::VoidRecoveriesResponse>(); }
  Task<identity::v1::RedeemRecoveryResponse> redeem_recovery(Call, identity::v1::RedeemRecoveryRequest) override { return unknown<identity::v1::RedeemRecoveryResponse>(); }
};

}  // namespace gatehouse::notification
