// The credential role in memory, for the gateway's tests.
#pragma once

#include "credential/api.h"
#include "gateway/test_doors.h"

namespace gatehouse::gateway {

class FakeCredential final : public credential::Api, public Door {
 public:
  std::map<std::string, std::string> passwords;  // by user id
  std::map<std::string, std::int64_t> versions;  // by user id; 0 at first
  std::vector<std::string> accounts;             // what attempts were counted against
  std::vector<std::string> names;                // and what was typed
  std::vector<std::string> verified_users;       // "" for a dummy

  Task<credential::v1::SetPasswordResponse> set_password(Call, credential::v1::SetPasswordRequest request) override {
    if (auto entered = enter("set_password"); !entered) co_return pass(entered);
    credential::v1::SetPasswordResponse response;
    if (passwords.contains(request.user_id())) co_return response;
    passwords[request.user_id()] = request.password();
    response.set_changed(true);
    co_return response;
  }
  Task<credential::v1::PreparedPassword> prepare_password(Call, credential::v1::PreparePasswordRequest request) override {
    if (auto entered = enter("prepare_password"); !entered) co_return pass(entered);
    if (request.password().size() < 8) co_return invalid_field(request.field(), "password_too_short", "Too short.");
    for (const auto& word : request.user_words())
      if (request.password().contains(word)) co_return invalid_field(request.field(), "password_blocked", "Blocked.");
    credential::v1::PreparedPassword prepared;
    prepared.set_sealed(request.password());  // the fake's box is of glass
    co_return prepared;
  }
  Task<credential::v1::ReplacePasswordResponse> replace_password(
      Call, credential::v1::ReplacePasswordRequest request) override {
    if (auto entered = enter("replace_password"); !entered) co_return pass(entered);
    credential::v1::ReplacePasswordResponse response;
    if (!passwords.contains(request.user_id())) co_return not_found("user_not_found", "None.");
    auto& version = versions[request.user_id()];
    if (request.has_expected_version() && request.expected_version() != version)
      co_return fail(Code::aborted, "password_changed", "Changed.");
    passwords[request.user_id()] = request.prepared();
    response.set_version(++version);
    co_return response;
  }
  Task<credential::v1::CheckPasswordResponse> check_password(Call, credential::v1::CheckPasswordRequest request) override {
    if (auto entered = enter("check_password"); !entered) co_return pass(entered);
    if (request.password().size() < 8) co_return invalid_field(request.field(), "password_too_short", "Too short.");
    co_return credential::v1::CheckPasswordResponse();
  }
  Task<credential::v1::VerifyPasswordResponse> verify_password(Call,
                                                               credential::v1::VerifyPasswordRequest request) override {
    if (auto entered = enter("verify_password"); !entered) co_return pass(entered);
    accounts.push_back(request.account());
    names.push_back(request.name());
    verified_users.push_back(request.user_id());
    const auto known = passwords.find(request.user_id());
    if (known == passwords.end() || known->second != request.password())
      co_return fail(Code::unauthenticated, "invalid_credentials", "The username or the password is wrong.");
    credential::v1::VerifyPasswordResponse response;
    response.set_version(versions[request.user_id()]);
    co_return response;
  }
  Task<credential::v1::HasPasswordResponse> has_password(Call, credential::v1::HasPasswordRequest request) override {
    if (auto entered = enter("has_password"); !entered) co_return pass(entered);
    credential::v1::HasPasswordResponse response;
    response.set_has_password(passwords.contains(request.user_id()));
    co_return response;
  }
  Task<credential::v1::DeleteCredentialsResponse> delete_credentials(
      Call, credential::v1::DeleteCredentialsRequest request) override {
    if (auto entered = enter("delete_credentials"); !entered) co_return pass(entered);
    passwords.erase(request.user_id());
    co_return credential::v1::DeleteCredentialsResponse();
  }
};

}  // namespace gatehouse::gateway
