#include <gtest/gtest.h>

#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;
constexpr const char* me = "/api/v1/users/me";

class Users : public GatewayTest {
 protected:
  Answer patch(const std::string& body, std::vector<std::pair<std::string, std::string>> fields = {}) {
    return send(Method::patch, me, {.body = body, .token = ada.token, .fields = std::move(fields)});
  }
  static std::string path_of(const std::string& id) { return "/api/v1/users/" + id; }
  Person ada = person("ada");
};

TEST_F(Users, are_shown_to_themselves_as_the_contract_says) {
  const auto answer = get(me, {.token = ada.token});
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"id":")" + ada.id +
                             R"(","username":"ada","display_name":"","locale":"","email":null,"email_verified":false,)"
                             R"("status":"active","created_at":"2023-11-14T22:13:20.000Z",)"
                             R"("updated_at":"2023-11-14T22:13:20.000Z","version":1})");
  EXPECT_EQ(answer.header("etag"), "\"v1\"");
  EXPECT_EQ(get(path_of(ada.id), {.token = ada.token}).body, answer.body);
}

TEST_F(Users, are_not_sent_again_to_whoever_has_them) {
  const auto answer = get(me, {.token = ada.token, .fields = {{"if-none-match", "W/\"v1\""}}});
  EXPECT_EQ(answer.status, 304);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(answer.header("etag"), "\"v1\"");
}

TEST_F(Users, change_what_is_named_and_leave_the_rest) {
  const auto answer = patch(R"({"display_name":"Ada Lovelace"})");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text("display_name"), "Ada Lovelace");
  EXPECT_EQ(answer.text("username"), "ada");
  EXPECT_EQ(answer.header("etag"), "\"v2\"");
}

TEST_F(Users, are_left_as_they_are_by_an_empty_change) {
  EXPECT_EQ(patch("{}").header("etag"), "\"v1\"");
  EXPECT_EQ(identity.times("update_user"), 0);
}

TEST_F(Users, change_only_from_the_version_that_was_read) {
  EXPECT_EQ(patch(R"({"locale":"en"})", {{"if-match", "\"v1\""}}).status, 200);
  const auto late = patch(R"({"locale":"de"})", {{"if-match", "\"v1\""}});
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(late.code(), "version_mismatch");
  EXPECT_EQ(patch(R"({"locale":"de"})", {{"if-match", "\"v1\", \"v2\""}}).status, 200);
  EXPECT_EQ(patch(R"({"locale":"fr"})", {{"if-match", "*"}}).status, 200);
  EXPECT_EQ(patch(R"({"locale":"fr"})", {{"if-match", "4"}}).code(), "malformed_header");
}

TEST_F(Users, S94_change_only_what_they_may) {
  for (const auto* body : {R"({"id":"x"})", R"({"status":"active"})", R"({"email":"a@b.c"})", R"({"version":9})"})
    EXPECT_EQ(patch(body).code(), "unknown_field") << body;
  EXPECT_EQ(patch(R"({"display_name":7})").code(), "wrong_type");
  EXPECT_EQ(patch(R"({"username":null})").code(), "wrong_type");
}

TEST_F(Users, S92_S93_of_others_are_closed_whether_or_not_they_exist) {
  const auto eve = person("eve");
  for (const auto& id : {ada.id, test_uuid(77)}) {
    const auto read = get(path_of(id), {.token = eve.token});
    EXPECT_EQ(read.status, 403);
    EXPECT_EQ(read.code(), "permission_denied");
    const auto body = R"({"username":"x","display_name":"","locale":""})";
    EXPECT_EQ(send(Method::put, path_of(id), {.body = body, .token = eve.token}).status, 403);
  }
  EXPECT_TRUE(identity.asked.empty());
}

TEST_F(Users, S92_reading_others_takes_one_permission_and_writing_another) {
  const auto eve = person("eve");
  account.permissions[eve.id] = {"users:read"};
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 200);
  EXPECT_EQ(get(path_of(test_uuid(77)), {.token = eve.token}).code(), "user_not_found");
  const auto body = R"({"username":"ada","display_name":"Countess","locale":"en-GB"})";
  EXPECT_EQ(send(Method::put, path_of(ada.id), {.body = body, .token = eve.token}).status, 403);
  account.permissions[eve.id] = {"users:write"};
  ASSERT_TRUE(wait_for(permission_changes.publish(account::PermissionsChanged{eve.id})));
  EXPECT_EQ(send(Method::put, path_of(ada.id), {.body = body, .token = eve.token}).text("display_name"), "Countess");
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 403) << "S-96: at once";
}

TEST_F(Users, S37_who_are_disabled_or_gone_may_nothing_whatever_was_granted) {
  const auto eve = person("eve");
  account.permissions[eve.id] = {"users:read"};
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 200);
  identity.users[eve.id].set_status(identity::v1::USER_STATUS_DISABLED);
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 403);
  identity.users.erase(eve.id);
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 403);
}

TEST_F(Users, permissions_are_asked_for_once_in_half_a_minute) {
  const auto eve = person("eve");
  for (int i = 0; i < 10; ++i) get(path_of(ada.id), {.token = eve.token});
  EXPECT_EQ(account.times("get_permissions"), 1);
  clock.advance(std::chrono::seconds{31});
  get(path_of(ada.id), {.token = auth.token_for(eve.id, eve.session)});
  EXPECT_EQ(account.times("get_permissions"), 2);
}

TEST_F(Users, S66_nobody_is_let_in_when_the_permissions_cannot_be_had) {
  const auto eve = person("eve");
  account.fail_next("get_permissions", Code::unavailable, "storage_busy");
  EXPECT_EQ(get(path_of(ada.id), {.token = eve.token}).status, 503);
  EXPECT_TRUE(identity.asked.empty());
}

TEST_F(Users, are_replaced_whole) {
  const auto answer = send(Method::put, path_of(ada.id), {.body = R"({"username":"ada"})", .token = ada.token});
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.json().at("errors").as_array().size(), 2U);
}

TEST_F(Users, who_are_disabled_or_gone_are_no_longer_let_in_with_an_old_token) {
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  EXPECT_EQ(get(me, {.token = ada.token}).code(), "session_revoked");
  EXPECT_EQ(patch(R"({"locale":"en"})").status, 401);
  identity.users.erase(ada.id);
  EXPECT_EQ(get(me, {.token = ada.token}).status, 401);
}

class Deleting : public Users {
 protected:
  Answer delete_me(std::vector<std::pair<std::string, std::string>> fields = {}) {
    return send(Method::del, me, {.token = ada.token, .fields = std::move(fields)});
  }
};

TEST_F(Deleting, ends_everything_of_the_user) {
  const auto other = auth.token_for(ada.id, auth.open_session(ada.id));
  EXPECT_EQ(delete_me({{"if-match", "\"v7\""}}).status, 412);
  EXPECT_EQ(credential.passwords.size(), 1U) << "and a refused one changes nothing";
  EXPECT_EQ(delete_me({{"if-match", "\"v1\""}}).status, 204);
  EXPECT_EQ(identity.last_deleted.expected_version(), 1) << "decided where it is deleted, not only where it is asked";
  EXPECT_TRUE(identity.users.empty() && credential.passwords.empty() && auth.sessions.empty());
  EXPECT_EQ(get(me, {.token = ada.token}).status, 401);
  EXPECT_EQ(get(me, {.token = other}).status, 401);
  for (const auto& reason : auth.reasons) EXPECT_EQ(reason, "deleted");
}

TEST_F(Deleting, S96_is_not_for_the_last_admin) {
  account.last_admin = ada.id;
  const auto answer = delete_me();
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "last_admin");
  EXPECT_EQ(auth.sessions.size(), 1U);
  EXPECT_EQ(identity.users.size(), 1U);
}

TEST_F(Deleting, that_fails_leaves_an_admin_what_they_were) {
  account.permissions[ada.id] = {"users:read"};
  identity.fail_next("delete_user", Code::unavailable, "storage_busy");
  EXPECT_EQ(delete_me().status, 503);
  EXPECT_TRUE(account.inactive.empty());
  identity.fail_next("delete_user", Code::aborted, "version_mismatch");
  EXPECT_FALSE(delete_me().status == 204);
  EXPECT_TRUE(account.inactive.empty());
  EXPECT_EQ(account.permissions[ada.id].size(), 1U);
}

TEST_F(Deleting, stopped_at_any_step_is_finished_by_doing_it_again) {
  const std::pair<Door*, const char*> steps[] = {{&account, "set_user_active"},
                                                 {&identity, "delete_user"},
                                                 {&credential, "delete_credentials"},
                                                 {&auth, "revoke_user_sessions"}};
  for (const auto& [door, method] : steps) {
    door->fail_next(method, Code::unavailable, "storage_busy");
    EXPECT_EQ(delete_me().status, 503) << method;
  }
  EXPECT_EQ(delete_me().status, 204);
  EXPECT_TRUE(identity.users.empty() && credential.passwords.empty() && auth.sessions.empty());
}

}  // namespace
}  // namespace gatehouse::gateway
