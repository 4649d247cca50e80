#include <gtest/gtest.h>

#include "gateway/calls.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;
constexpr const char* me = "/api/v1/users/me";
constexpr const char* good_password = "tidal-copper-orchard";

class ChangingAPassword : public GatewayTest {
 protected:
  Answer change(const char* body) {
    return send(Method::put, "/api/v1/users/me/password", {.body = body, .token = ada.token});
  }
  Person ada = person("ada");
};

TEST_F(ChangingAPassword, ends_the_other_sessions) {
  const auto other = auth.open_session(ada.id);
  const auto answer = change(R"({"current_password":"tidal-copper-orchard","new_password":"velvet-harbour"})");
  EXPECT_EQ(answer.status, 204) << answer.body;
  EXPECT_EQ(credential.passwords[ada.id], "velvet-harbour");
  EXPECT_EQ(get(me, {.token = ada.token}).status, 200);
  EXPECT_EQ(get(me, {.token = auth.token_for(ada.id, other)}).status, 401);
  EXPECT_EQ(auth.reasons, std::vector<std::string>{"password_changed"});
}

TEST_F(ChangingAPassword, S37_ends_sessions_only_with_the_password_and_never_leaves_one_beside_a_new_one_untold) {
  const auto other = auth.open_session(ada.id);
  const char* body = R"({"current_password":"tidal-copper-orchard","new_password":"velvet-harbour"})";
  credential.fail_next("replace_password", Code::unavailable, "storage_busy");
  EXPECT_EQ(change(body).status, 503);
  EXPECT_EQ(credential.passwords[ada.id], good_password);
  EXPECT_TRUE(auth.sessions.contains(other)) << "nothing has changed: nobody is thrown out";
  auth.fail_next("revoke_user_sessions", Code::unavailable, "storage_busy");
  EXPECT_EQ(change(body).status, 503) << "and the consumer of the event ends them (password_end.h)";
  EXPECT_TRUE(auth.sessions.contains(ada.session));
}

TEST_F(ChangingAPassword, S14_is_refused_when_the_current_one_has_been_replaced_meanwhile) {
  credential.fail_next("replace_password", Code::aborted, "password_changed");
  const auto answer = change(R"({"current_password":"tidal-copper-orchard","new_password":"velvet-harbour"})");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.code(), "current_password_wrong");
  credential.fail_next("replace_password", Code::not_found, "user_not_found");
  const auto gone = change(R"({"current_password":"tidal-copper-orchard","new_password":"velvet-harbour"})");
  EXPECT_EQ(gone.code(), "session_revoked");
  EXPECT_EQ(auth.times("revoke_user_sessions"), 0);
}

TEST_F(ChangingAPassword, makes_recovery_codes_mailed_before_worthless) {
  identity.recovery_owner = ada.id;
  ASSERT_EQ(change(R"({"current_password":"tidal-copper-orchard","new_password":"velvet-harbour"})").status, 204);
  EXPECT_TRUE(identity.recovery_owner.empty());
}

TEST_F(ChangingAPassword, takes_another_one) {
  const auto answer = change(R"({"current_password":"tidal-copper-orchard","new_password":"tidal-copper-orchard"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.json().at("errors").as_array().at(0).at("code"), "password_unchanged");
}

TEST_F(ChangingAPassword, S14_S21_is_done_only_with_the_current_one_counted_as_login_counts) {
  const auto wrong = change(R"({"current_password":"wrong-wrong","new_password":"velvet-harbour"})");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(wrong.code(), "current_password_wrong");
  EXPECT_EQ(credential.accounts, std::vector<std::string>{"user:" + ada.id});
  EXPECT_EQ(change(R"({"current_password":"wrong-wrong","new_password":"short"})").status, 403);
  EXPECT_EQ(credential.times("prepare_password"), 0) << "judging a password is for who has shown the current one";
  credential.fail_next("verify_password", Code::resource_exhausted, "too_many_attempts");
  EXPECT_EQ(change(R"({"current_password":"wrong-wrong","new_password":"velvet-harbour"})").status, 429);
  const auto bad = change(R"({"current_password":"tidal-copper-orchard","new_password":"short"})");
  EXPECT_EQ(bad.json().at("errors").as_array().at(0).at("field"), "new_password");
  EXPECT_EQ(credential.passwords[ada.id], good_password);
}

class Recovering : public GatewayTest {
 protected:
  Answer reset(const std::string& code, const std::string& password = "velvet-harbour") {
    return post("/api/v1/auth/reset", R"({"challenge_id":")" + test_uuid(901) + R"(","code":")" + code +
                                          R"(","new_password":")" + password + "\"}");
  }
  Person ada = person("ada");
};

TEST_F(Recovering, is_started_with_202_for_anybody) {
  const auto answer = post("/api/v1/auth/recover", R"({"email":"nobody@example.com"})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.text("challenge_id"), test_uuid(901));
}

TEST_F(Recovering, S88_ends_every_session_and_logs_nobody_in) {
  identity.recovery_owner = ada.id;
  const auto answer = reset("12345678");
  EXPECT_EQ(answer.status, 204);
  EXPECT_TRUE(answer.body.empty());
  EXPECT_EQ(credential.passwords[ada.id], "velvet-harbour");
  EXPECT_TRUE(auth.sessions.empty());
  EXPECT_EQ(auth.times("create_session"), 0);
  EXPECT_EQ(get(me, {.token = ada.token}).status, 401);
}

TEST_F(Recovering, does_not_use_up_the_code_with_a_password_that_is_refused) {
  identity.recovery_owner = ada.id;
  const auto refused = reset("12345678", "short");
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.json().at("errors").as_array().at(0).at("field"), "new_password");
  EXPECT_EQ(reset("12345678").status, 204);
}

TEST_F(Recovering, uses_up_the_code_and_ends_sessions_only_with_a_password_that_is_replaced) {
  identity.recovery_owner = ada.id;
  const auto blocked = reset("12345678", "what-ada-likes");
  EXPECT_EQ(blocked.status, 422);
  EXPECT_EQ(blocked.json().at("errors").as_array().at(0).at("field"), "new_password");
  credential.fail_next("prepare_password", Code::unavailable, "overloaded");
  EXPECT_EQ(reset("12345678").status, 503);
  EXPECT_EQ(identity.times("redeem_recovery"), 0);
  EXPECT_EQ(auth.times("revoke_user_sessions"), 0);
  EXPECT_EQ(credential.passwords[ada.id], good_password);
  EXPECT_EQ(reset("12345678").status, 204);
}

TEST_F(Recovering, S85_is_won_by_one_of_two_who_came_with_the_same_code) {
  identity.recovery_owner = ada.id;
  identity.fail_next("redeem_recovery", Code::failed_precondition, "challenge_used");
  EXPECT_EQ(reset("12345678").code(), "challenge_used");
  EXPECT_EQ(credential.passwords[ada.id], good_password);
  EXPECT_TRUE(auth.sessions.contains(ada.session));
}

TEST_F(Recovering, S87_sets_nothing_without_the_code) {
  identity.recovery_owner = ada.id;
  EXPECT_EQ(reset("00000000").code(), "challenge_code_wrong");
  EXPECT_EQ(reset("abc").code(), "code_invalid");
  EXPECT_EQ(identity.times("check_recovery"), 1) << "a typing mistake costs no try";
  EXPECT_EQ(credential.times("prepare_password"), 0) << "and nothing is hashed for a stranger";
}

TEST_F(Recovering, S85_of_a_challenge_that_never_was_looks_like_one_that_is_over) {
  identity.fail_next("check_recovery", Code::not_found, "challenge_not_found");
  const auto answer = reset("12345678");
  EXPECT_EQ(answer.status, 410);
  EXPECT_EQ(answer.code(), "challenge_expired");
}

TEST_F(Recovering, S21_brings_nobody_back_who_is_disabled) {
  identity.recovery_owner = ada.id;
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  EXPECT_EQ(reset("12345678").status, 410);
  EXPECT_EQ(credential.passwords[ada.id], good_password);
}

}  // namespace
}  // namespace gatehouse::gateway
