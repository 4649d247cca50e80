#include "gateway/registration.h"

#include <gtest/gtest.h>

#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

constexpr const char* path = "/api/v1/auth/register";
constexpr const char* ada = R"({"username":"ada","password":"tidal-copper-orchard"})";
constexpr const char* ada_with_email =
    R"({"username":"ada","email":"ada@example.com","password":"tidal-copper-orchard"})";

class ARegistration : public GatewayTest {
 protected:
  Answer try_once(const std::string& body = ada, const std::string& key = "") {
    Sent sent;
    if (!key.empty()) sent.fields.emplace_back("idempotency-key", key);
    return post(path, body, std::move(sent));
  }
  Result<void> sweep() { return wait_for(sweep_registrations_once(identity, credential, clock.wall())); }
  const identity::v1::User* the_user() { return identity.users.size() == 1 ? &identity.users.begin()->second : nullptr; }
};

TEST_F(ARegistration, ends_with_a_user_who_is_logged_in) {
  const auto answer = try_once(ada_with_email);
  ASSERT_EQ(answer.status, 201) << answer.body;
  const auto json = answer.json();
  const auto& user = json.at("user").as_object();
  EXPECT_EQ(user.at("username"), "ada");
  EXPECT_EQ(user.at("email"), "ada@example.com");
  EXPECT_EQ(user.at("email_verified"), false);
  EXPECT_EQ(user.at("status"), "active");
  EXPECT_EQ(answer.header("location"), "/api/v1/users/" + std::string(user.at("id").as_string()));
  EXPECT_EQ(answer.header("etag"), "\"v1\"");
  const auto& tokens = json.at("tokens").as_object();
  EXPECT_EQ(tokens.at("token_type"), "Bearer");
  const auto me = get("/api/v1/users/me", {.token = std::string(tokens.at("access_token").as_string())});
  EXPECT_EQ(me.status, 200);
}

TEST_F(ARegistration, with_a_bad_password_leaves_no_user_behind) {
  const auto answer = try_once(R"({"username":"ada","password":"short"})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.code(), "password_too_short");
  EXPECT_EQ(identity.times("create_user"), 0);
}

TEST_F(ARegistration, of_a_taken_name_is_a_conflict) {
  person("ada");
  const auto answer = try_once();
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "username_taken");
}

TEST_F(ARegistration, repeated_under_its_key_answers_the_same_user_and_session) {
  const auto first = try_once(ada_with_email, "key-1"), second = try_once(ada_with_email, "key-1");
  ASSERT_EQ(first.status, 201);
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(first.json().at("user"), second.json().at("user"));
  EXPECT_EQ(first.json().at("tokens").at("session_id"), second.json().at("tokens").at("session_id"));
  EXPECT_EQ(identity.users.size(), 1U);
  EXPECT_EQ(identity.identifiers.size(), 1U);
}

TEST_F(ARegistration, under_the_key_of_another_one_is_refused) {
  ASSERT_EQ(try_once(ada, "key-1").status, 201);
  const auto other_name = try_once(R"({"username":"eve","password":"tidal-copper-orchard"})", "key-1");
  EXPECT_EQ(other_name.status, 422);
  EXPECT_EQ(other_name.code(), "idempotency_key_reused");
  const auto other_password = try_once(R"({"username":"ada","password":"another-password"})", "key-1");
  EXPECT_EQ(other_password.status, 422);
  EXPECT_EQ(other_password.code(), "idempotency_key_reused");
  EXPECT_EQ(other_password.body.find("access_token"), std::string::npos);
}

TEST_F(ARegistration, S37_repeated_by_somebody_disabled_since_opens_no_session) {
  const auto first = try_once(ada_with_email, "key-1");
  ASSERT_EQ(first.status, 201);
  identity.users.begin()->second.set_status(identity::v1::USER_STATUS_DISABLED);
  auth.sessions.clear();
  const auto id = identity.users.begin()->first;
  for (const auto* password : {"tidal-copper-orchard", "another-password"}) {
    const auto body = R"({"username":"ada","email":"ada@example.com","password":")" + std::string(password) + "\"}";
    const auto again = try_once(body, "key-1");
    EXPECT_EQ(again.status, 401) << again.body;
    EXPECT_EQ(again.code(), "invalid_credentials");
    EXPECT_EQ(credential.accounts.back(), "user:" + id) << "counted with the logins";
    EXPECT_EQ(credential.verified_users.back(), "");
  }
  EXPECT_TRUE(auth.sessions.empty());
  EXPECT_EQ(the_user()->status(), identity::v1::USER_STATUS_DISABLED);
}

TEST_F(ARegistration, S37_of_somebody_disabled_while_it_runs_opens_no_session) {
  identity.fail_next("activate_user", Code::permission_denied, "user_disabled");
  const auto answer = try_once(ada, "key-1");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.code(), "invalid_credentials");
  EXPECT_TRUE(auth.sessions.empty());
}

TEST_F(ARegistration, S37_says_when_it_began) {
  ASSERT_EQ(try_once().status, 201);
  EXPECT_EQ(auth.last_created.began_at_ms(), to_ms(clock.wall()));
}

TEST_F(ARegistration, S37_repeated_with_a_password_that_was_changed_since_opens_a_session_of_that_one) {
  ASSERT_EQ(try_once(ada, "key-1").status, 201);
  EXPECT_EQ(auth.last_created.password_version(), 1);
  const auto id = the_user()->id();
  credential.passwords[id] = "another-password";
  credential.versions[id] = 2;
  ASSERT_EQ(try_once(R"({"username":"ada","password":"another-password"})", "key-1").status, 201);
  EXPECT_EQ(auth.last_created.password_version(), 2) << "a late end of password 1 must not end it (password_end.h)";
}

TEST_F(ARegistration, whose_user_was_released_meanwhile_leaves_no_password_behind) {
  identity.forget_at_attach = true;
  ASSERT_EQ(try_once(ada_with_email).status, 404);
  EXPECT_TRUE(credential.passwords.empty());
}

TEST_F(ARegistration, stopped_at_any_step_is_finished_by_a_retry) {
  const std::pair<Door*, const char*> steps[] = {{&credential, "check_password"}, {&identity, "create_user"},
                                                 {&credential, "set_password"},   {&identity, "attach_identifier"},
                                                 {&identity, "activate_user"},    {&auth, "create_session"}};
  int number = 0;
  for (const auto& [door, method] : steps) {
    const auto name = "ada" + std::to_string(++number), key = "key-" + std::to_string(number);
    const auto body = R"({"username":")" + name + R"(","email":"ada@example.com","password":"tidal-copper-orchard"})";
    door->fail_next(method, Code::unavailable, "storage_busy");
    const auto stopped = try_once(body, key);
    EXPECT_EQ(stopped.status, 503) << method;
    EXPECT_FALSE(stopped.header("retry-after").empty());
    const auto retried = try_once(body, key);
    EXPECT_EQ(retried.status, 201) << method << retried.body;
    EXPECT_EQ(static_cast<int>(identity.users.size()), number) << method;
  }
}

TEST_F(ARegistration, twins_under_one_key_both_answer_201_with_one_user) {
  http::Request request;
  request.method = http::Method::post;
  request.path = path;
  request.body = ada;
  request.peer = "192.0.2.1";
  request.fields = {{"content-type", "application/json"}, {"idempotency-key", "key-1"}};
  std::vector<std::future<http::Response>> answers;
  for (int i = 0; i < 10; ++i)
    answers.push_back(asio::co_spawn(shard.executor(), gateway->handle(request), asio::use_future));
  for (auto& answer : answers) EXPECT_EQ(answer.get().status, 201);
  EXPECT_EQ(identity.users.size(), 1U);
}

TEST_F(ARegistration, that_lost_the_race_to_set_the_password_proves_it) {
  ASSERT_EQ(try_once(ada, "key-1").status, 201);
  identity.users.begin()->second.set_status(identity::v1::USER_STATUS_PENDING);
  credential.fail_next("has_password", Code::unavailable, "storage_busy");
  EXPECT_EQ(try_once(ada, "key-1").status, 503);
  EXPECT_EQ(try_once(R"({"username":"ada","password":"another-password"})", "key-1").code(), "idempotency_key_reused");
  EXPECT_EQ(identity.users.size(), 1U) << "the first try's user is not the second one's to undo";
  EXPECT_EQ(try_once(ada, "key-1").status, 201);
}

TEST_F(ARegistration, that_can_never_succeed_gives_its_username_back) {
  const auto body = R"({"username":"ada","email":"a@example.com","password":"tidal-copper-orchard","challenge_id":")" +
                    test_uuid(77) + "\"}";
  const auto answer = try_once(body);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "challenge_not_solved");
  EXPECT_TRUE(identity.users.empty());
  EXPECT_TRUE(credential.passwords.empty());
  EXPECT_EQ(try_once(ada).status, 201);
}

TEST_F(ARegistration, refused_without_a_key_gives_its_username_back_at_once) {
  const std::pair<Door*, const char*> steps[] = {
      {&credential, "set_password"}, {&identity, "attach_identifier"}, {&identity, "activate_user"}};
  int number = 0;
  for (const auto& [door, method] : steps) {
    const auto name = "ada" + std::to_string(++number);
    const auto body = R"({"username":")" + name + R"(","email":"ada@example.com","password":"tidal-copper-orchard"})";
    door->fail_next(method, Code::unavailable, "overloaded");
    EXPECT_EQ(try_once(body).status, 503) << method;
    EXPECT_EQ(try_once(body).status, 201) << method;
    EXPECT_EQ(static_cast<int>(identity.users.size()), number) << method;
    EXPECT_EQ(static_cast<int>(credential.passwords.size()), number) << method;
  }
}

TEST_F(ARegistration, with_a_solved_challenge_has_a_verified_address) {
  const auto body = R"({"username":"ada","email":"a@example.com","password":"tidal-copper-orchard","challenge_id":")" +
                    identity.solved_challenge + "\"}";
  EXPECT_EQ(try_once(body).json().at("user").at("email_verified"), true);
}

TEST_F(ARegistration, S18_with_somebody_elses_address_looks_like_any_other) {
  const auto owner = person("grace").id;
  identity::v1::AttachIdentifierRequest request;
  request.set_user_id(owner);
  request.set_type("email");
  request.set_value("ada@example.com");
  request.set_challenge_id(identity.solved_challenge);
  ASSERT_TRUE(wait_for(identity.attach_identifier(Call{}, request)));
  const auto answer = try_once(ada_with_email);
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.json().at("user").at("email_verified"), false);
}

TEST_F(ARegistration, takes_only_its_own_fields_and_a_readable_key) {
  const auto answer = try_once(R"({"username":"ada","password":"tidal-copper-orchard","role":"admin","status":"active"})");
  EXPECT_EQ(answer.status, 422) << "S-94";
  EXPECT_EQ(answer.json().at("errors").as_array().size(), 2U);
  for (const auto& key : {std::string(129, 'x'), std::string("a b"), std::string("\xc3\xa9")})
    EXPECT_EQ(try_once(ada, key).code(), "idempotency_key_invalid") << key;
  const auto twice = post(path, ada, {.fields = {{"idempotency-key", "a"}, {"idempotency-key", "b"}}});
  EXPECT_EQ(twice.code(), "idempotency_key_invalid");
  EXPECT_TRUE(identity.users.empty());
}

TEST_F(ARegistration, keeps_no_digest_of_its_password) {
  ASSERT_EQ(try_once(ada, "key-1").status, 201);
  ASSERT_EQ(try_once(ada, "key-2").status, 409);
  const auto stored = identity.keys.at("register:key-1").first;
  identity.users.clear(), identity.keys.clear(), credential.passwords.clear();
  ASSERT_EQ(try_once(R"({"username":"ada","password":"an-entirely-other-one"})", "key-1").status, 201);
  EXPECT_EQ(identity.keys.at("register:key-1").first, stored);
}

class TheSweeper : public ARegistration {
 protected:
  void stop_at(Door& door, const char* method) {
    door.fail_next(method, Code::unavailable, "storage_busy");
    ASSERT_EQ(try_once(ada_with_email, "key-1").status, 503);
    ASSERT_NE(the_user(), nullptr);
    ASSERT_EQ(the_user()->status(), identity::v1::USER_STATUS_PENDING);
  }
};

TEST_F(TheSweeper, finishes_what_has_a_password) {
  stop_at(identity, "activate_user");
  clock.advance(std::chrono::seconds{61});
  ASSERT_TRUE(sweep());
  EXPECT_EQ(the_user()->status(), identity::v1::USER_STATUS_ACTIVE);
  EXPECT_EQ(the_user()->email(), "ada@example.com");
  EXPECT_EQ(try_once(ada_with_email, "key-1").status, 201) << "and a late retry still gets its session";
}

TEST_F(TheSweeper, does_not_lose_the_address) {
  stop_at(identity, "attach_identifier");
  clock.advance(std::chrono::seconds{61});
  ASSERT_TRUE(sweep());
  EXPECT_EQ(the_user()->status(), identity::v1::USER_STATUS_ACTIVE);
  EXPECT_EQ(the_user()->email(), "ada@example.com");
}

TEST_F(TheSweeper, undoes_what_has_none_so_that_no_username_is_burnt) {
  stop_at(credential, "set_password");
  clock.advance(std::chrono::seconds{61});
  ASSERT_TRUE(sweep());
  EXPECT_TRUE(identity.users.empty());
  EXPECT_EQ(try_once(ada).status, 201);
}

TEST_F(TheSweeper, leaves_the_young_alone) {
  stop_at(credential, "set_password");
  clock.advance(std::chrono::seconds{59});
  ASSERT_TRUE(sweep());
  EXPECT_NE(the_user(), nullptr);
}

TEST_F(TheSweeper, goes_on_past_one_that_fails_and_says_that_it_did) {
  stop_at(identity, "activate_user");
  const auto second = identity.add("grace", identity::v1::USER_STATUS_PENDING).id();
  clock.advance(std::chrono::seconds{61});
  identity.fail_next("activate_user", Code::unavailable, "storage_busy");
  EXPECT_FALSE(sweep());
  EXPECT_FALSE(identity.users.contains(second)) << "the second was undone all the same";
  EXPECT_TRUE(sweep());
  EXPECT_EQ(the_user()->status(), identity::v1::USER_STATUS_ACTIVE);
}

}  // namespace
}  // namespace gatehouse::gateway
