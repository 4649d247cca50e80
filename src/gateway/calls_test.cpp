#include <gtest/gtest.h>

#include "gateway/calls.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;
constexpr const char* me = "/api/v1/users/me";
constexpr const char* good_password = "tidal-copper-orchard";

class LoggingIn : public GatewayTest {
 protected:
  Answer login(const std::string& body) { return post("/api/v1/auth/login", body); }
  Answer login(const std::string& name, const std::string& password) {
    return login(R"({"username":")" + name + R"(","password":")" + password + "\"}");
  }
};

TEST_F(LoggingIn, gives_tokens_that_are_let_in) {
  person("ada");
  const auto answer = login("ada", good_password);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(get(me, {.token = answer.text("access_token")}).text("username"), "ada");
  EXPECT_EQ(answer.header("cache-control"), "no-store");
}

TEST_F(LoggingIn, S16_unknown_disabled_pending_and_wrong_get_one_answer) {
  person("ada");
  identity.users[person("dora").id].set_status(identity::v1::USER_STATUS_DISABLED);
  identity.users[person("paul").id].set_status(identity::v1::USER_STATUS_PENDING);
  const auto shown = [](const Answer& answer) {
    auto json = answer.json();
    json.erase("correlation_id");
    auto fields = answer.fields;
    std::erase_if(fields, [](const auto& field) { return field.first == "x-correlation-id"; });
    return std::make_tuple(answer.status, json, fields);
  };
  const auto wrong = login("ada", "not-the-password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.code(), "invalid_credentials");
  for (const auto& answer : {login("nobody", good_password), login("dora", good_password), login("paul", good_password),
                             login(R"({"email":"nobody@example.com","password":"tidal-copper-orchard"})")})
    EXPECT_EQ(shown(answer), shown(wrong));
}

TEST_F(LoggingIn, S16_what_cannot_be_a_name_or_a_password_is_refused_whoever_it_is) {
  person("ada");
  for (const std::string name : {"ada", "nobody"}) {
    EXPECT_EQ(login(name, "").code(), "required") << name;
    EXPECT_EQ(login(name, std::string(1025, 'x')).code(), "password_too_long") << name;
  }
  EXPECT_EQ(login("", good_password).code(), "required");
  EXPECT_EQ(login(std::string(255, 'a'), good_password).code(), "username_too_long");
  EXPECT_EQ(login(std::string(254, 'a'), std::string(1024, 'x')).status, 401);
  EXPECT_EQ(credential.times("verify_password"), 1);
}

TEST_F(LoggingIn, S17_somebody_who_may_not_is_verified_like_everybody_else) {
  identity.users[person("dora").id].set_status(identity::v1::USER_STATUS_DISABLED);
  login("dora", good_password);
  login("nobody", good_password);
  identity.fail_next("get_user_by_username", Code::invalid_argument, "username_invalid");
  login("!!", good_password);
  EXPECT_EQ(credential.verified_users, (std::vector<std::string>{"", "", ""})) << "against nobody's password";
}

TEST_F(LoggingIn, S20_attempts_are_counted_under_one_name_for_all_its_spellings) {
  login("ADA", "x-x-x-x-x");
  login("ada", "x-x-x-x-x");
  login("\xef\xbd\x81\xef\xbd\x84\xef\xbd\x81", "x-x-x-x-x");  // full-width
  EXPECT_EQ(credential.accounts, (std::vector<std::string>{"name:ada", "name:ada", "name:ada"}));
}

TEST_F(LoggingIn, S20_S21_attempts_at_one_account_are_counted_together_by_whichever_name_they_come) {
  const auto ada = person("ada");
  identity::v1::AttachIdentifierRequest address;
  address.set_user_id(ada.id);
  address.set_type("email");
  address.set_value("ada@example.com");
  address.set_challenge_id(identity.solved_challenge);
  ASSERT_TRUE(wait_for(identity.attach_identifier(Call{}, address)));
  login("ada", "x-x-x-x-x");
  login(R"({"email":"ada@example.com","password":"x-x-x-x-x"})");
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  login("ada", "x-x-x-x-x");
  EXPECT_EQ(credential.accounts, std::vector<std::string>(3, "user:" + ada.id));
  EXPECT_EQ(credential.names, (std::vector<std::string>{"name:ada", "name:ada@example.com", "name:ada"}));
  login("user:" + ada.id, "x-x-x-x-x");
  EXPECT_NE(credential.accounts.back(), "user:" + ada.id) << "nobody can type an account's key";
}

TEST_F(LoggingIn, S37_says_when_it_began_and_is_refused_like_a_wrong_password_when_it_was_overtaken) {
  person("ada");
  const auto began_at = to_ms(clock.wall());
  ASSERT_EQ(login("ada", good_password).status, 200);
  EXPECT_EQ(auth.last_created.began_at_ms(), began_at);
  auth.fail_next("create_session", Code::unauthenticated, "invalid_credentials");
  const auto overtaken = login("ada", good_password);
  EXPECT_EQ(overtaken.status, 401);
  EXPECT_EQ(overtaken.code(), "invalid_credentials");
}

TEST_F(LoggingIn, asks_for_one_name) {
  EXPECT_EQ(login(R"({"password":"x"})").code(), "required");
  const auto both = login(R"({"username":"ada","email":"a@example.com","password":"x"})");
  EXPECT_EQ(both.status, 422);
  EXPECT_EQ(both.code(), "invalid_fields");
}

TEST_F(LoggingIn, passes_a_storage_that_is_away_on_as_503_and_not_as_401) {
  identity.fail_next("get_user_by_username", Code::unavailable, "storage_busy");
  const auto answer = login("ada", good_password);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("retry-after"), "1");
}

TEST_F(LoggingIn, remembers_where_and_with_what_in_visible_ascii) {
  person("ada");
  Sent sent{.fields = {{"user-agent", "Fire\x01" "fox \xff" + std::string(300, 'x')}}};
  ASSERT_EQ(post("/api/v1/auth/login", R"({"username":"ada","password":"tidal-copper-orchard"})", sent).status, 200);
  EXPECT_EQ(auth.last_created.user_agent().size(), 256U);
  EXPECT_EQ(auth.last_created.user_agent().substr(0, 10), "Fire?fox ?");
  EXPECT_EQ(auth.last_created.source(), "192.0.2.1");
}

TEST_F(LoggingIn, S26_a_form_is_not_a_login) {
  for (const auto* type : {"application/x-www-form-urlencoded", "text/plain"})
    EXPECT_EQ(post("/api/v1/auth/login", "username=ada", {.fields = {{"content-type", type}}}).status, 415);
}

class LoggedIn : public GatewayTest {
 protected:
  Answer refresh(const std::string& token) { return post("/api/v1/auth/refresh", R"({"refresh_token":")" + token + "\"}"); }
  Person ada = person("ada");
};

TEST_F(LoggedIn, refreshes_and_is_told_when_the_token_is_none) {
  EXPECT_EQ(refresh(ada.session).status, 200);
  const auto refused = refresh("stale");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.code(), "invalid_refresh_token");
}

TEST_F(LoggedIn, logs_out_of_this_session_only_and_at_once) {
  const auto other = auth.open_session(ada.id);
  EXPECT_EQ(send(Method::post, "/api/v1/auth/logout", {.token = ada.token}).status, 204);
  EXPECT_EQ(get(me, {.token = ada.token}).code(), "session_revoked");
  EXPECT_EQ(get(me, {.token = auth.token_for(ada.id, other)}).status, 200);
}

TEST_F(LoggedIn, logs_out_with_an_empty_object_too_and_with_nothing_else) {
  EXPECT_EQ(post("/api/v1/auth/logout", R"({"all":true})", {.token = ada.token}).status, 422);
  EXPECT_EQ(post("/api/v1/auth/logout", "{}", {.token = ada.token}).status, 204);
}

class Sessions : public LoggedIn {};

TEST_F(Sessions, are_listed_with_the_present_one_marked_and_paged) {
  auth.open_session(ada.id);
  const auto answer = get("/api/v1/sessions", {.token = ada.token, .query = "page_size=1"});
  ASSERT_EQ(answer.status, 200);
  const auto json = answer.json();
  EXPECT_EQ(json.at("sessions").as_array().size(), 1U);
  EXPECT_EQ(json.at("sessions").at(0).at("current"), true);
  EXPECT_EQ(json.at("next_page_token"), "next");
  EXPECT_TRUE(get("/api/v1/sessions", {.token = ada.token}).json().at("next_page_token").is_null());
  EXPECT_EQ(get("/api/v1/sessions", {.token = ada.token, .query = "page_size=1e9"}).code(), "page_size_invalid");
  auth.failures["list_sessions"] = invalid_field("page_token", "page_token_invalid", "Not one of ours.").error();
  EXPECT_EQ(get("/api/v1/sessions", {.token = ada.token, .query = "page_token=x"}).status, 400);
}

TEST_F(Sessions, S92_of_somebody_else_are_not_found) {
  const auto eve = person("eve");
  EXPECT_EQ(send(Method::del, "/api/v1/sessions/" + ada.session, {.token = eve.token}).code(), "session_not_found");
  EXPECT_EQ(send(Method::del, "/api/v1/sessions/" + ada.session, {.token = ada.token}).status, 204);
  EXPECT_EQ(get(me, {.token = ada.token}).status, 401);
}

TEST_F(Sessions, all_others_end_at_once) {
  const auto other = auth.token_for(ada.id, auth.open_session(ada.id));
  EXPECT_EQ(send(Method::del, "/api/v1/sessions", {.token = ada.token}).status, 204);
  EXPECT_EQ(get(me, {.token = other}).status, 401);
  EXPECT_EQ(get(me, {.token = ada.token}).status, 200);
}

}  // namespace
}  // namespace gatehouse::gateway
