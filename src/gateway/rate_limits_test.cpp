// How often one source may ask, and how often one address is mailed.
#include "gateway/rate_limits.h"

#include <gtest/gtest.h>

#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

class Limited : public GatewayTest {
 protected:
  static config::Config strict() {
    config::Config config;
    config.rate_limit = {.register_per_minute = 2, .login_per_minute = 3, .challenge_per_hour = 2, .refresh_per_minute = 2};
    config.server.trusted_proxies = {"10.0.0.0/8"};
    return config;
  }
  Limited() : GatewayTest(strict()) {}
  Answer login(Sent sent = {}) { return post("/api/v1/auth/login", R"({"username":"x","password":"y-y-y-y-y"})", std::move(sent)); }
};

TEST_F(Limited, S25_one_source_is_told_when_to_come_back) {
  for (int left = 2; left >= 0; --left) {
    const auto answer = login();
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.header("ratelimit-limit"), "3");
    EXPECT_EQ(answer.header("ratelimit-remaining"), std::to_string(left));
  }
  const auto refused = login();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.code(), "rate_limited");
  EXPECT_EQ(refused.header("retry-after"), "20");
  EXPECT_EQ(refused.header("ratelimit-remaining"), "0");
  EXPECT_EQ(refused.header("ratelimit-reset"), "60");
  EXPECT_EQ(credential.times("verify_password"), 3) << "what is refused costs no hash";
  clock.advance(std::chrono::seconds{20});
  EXPECT_EQ(login().status, 401);
}

TEST_F(Limited, S25_a_refusal_shows_the_limit_that_refused_and_no_other) {
  const std::string challenge = R"({"type":"email","value":"ada@example.com"})";
  for (int i = 0; i < 2; ++i) EXPECT_EQ(post("/api/v1/challenges", challenge).header("ratelimit-limit"), "12");
  const auto refused = post("/api/v1/challenges", challenge);
  ASSERT_EQ(refused.status, 429) << "by the limit of mails to one address";
  EXPECT_EQ(refused.header("ratelimit-remaining"), "") << "nine are left of those from this source, which is no help";
  EXPECT_NE(refused.header("retry-after"), "");
}

class Unlimited : public GatewayTest {};

TEST_F(Unlimited, shows_no_limit) {
  EXPECT_EQ(post("/api/v1/auth/login", R"({"username":"x","password":"y-y-y-y-y"})").header("ratelimit-limit"), "");
}

TEST_F(Limited, S23_no_header_of_its_own_makes_it_another_source) {
  for (int i = 0; i < 3; ++i) login({.fields = {{"x-forwarded-for", "203.0.113." + std::to_string(i)}}});
  EXPECT_EQ(login({.fields = {{"x-forwarded-for", "203.0.113.9"}, {"x-real-ip", "203.0.113.9"}}}).status, 429);
  EXPECT_EQ(login({.peer = "192.0.2.99"}).status, 401) << "another peer is";
  EXPECT_EQ(login({.fields = {{"x-forwarded-for", "203.0.113.1"}}, .peer = "10.0.0.1"}).status, 401) << "and one behind a proxy";
}

TEST_F(Limited, S23_all_networks_of_one_48_may_ask_as_often_as_four_sources) {
  int let_in = 0;
  for (int i = 1; i <= 60; ++i) let_in += login({.peer = "2001:db8:1:" + std::to_string(i) + "::1"}).status == 401;
  EXPECT_EQ(let_in, 4 * 3);
  EXPECT_EQ(credential.times("verify_password"), 4 * 3) << "what is refused costs no hash";
  EXPECT_EQ(login({.peer = "2001:db8:2::1"}).status, 401) << "another /48 is another customer";
  EXPECT_EQ(login({.peer = "192.0.2.1"}).status, 401);
}

TEST_F(Limited, S22_what_one_source_asks_in_vain_takes_nothing_from_its_48) {
  for (int i = 0; i < 60; ++i) (void)login({.peer = "2001:db8:1:1::1"});
  for (int i = 2; i <= 4; ++i) EXPECT_EQ(login({.peer = "2001:db8:1:" + std::to_string(i) + "::1"}).status, 401) << i;
}

TEST_F(Limited, each_class_of_route_counts_for_itself) {
  for (int i = 0; i < 2; ++i) EXPECT_EQ(post("/api/v1/auth/refresh", R"({"refresh_token":"x"})").status, 401);
  EXPECT_EQ(post("/api/v1/auth/refresh", R"({"refresh_token":"x"})").status, 429);
  EXPECT_EQ(login().status, 401);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(post("/api/v1/auth/register", "{}").status, 422);
  EXPECT_EQ(post("/api/v1/auth/register", "{}").status, 429);
}

class MailLimited : public Limited {
 protected:
  int challenge(const std::string& address, const std::string& peer) {
    return post("/api/v1/challenges", R"({"type":"email","value":")" + address + "\"}", {.peer = peer}).status;
  }
  Answer recover(const std::string& address, const std::string& peer) {
    return post("/api/v1/auth/recover", R"({"email":")" + address + "\"}", {.peer = peer});
  }
  int enrol(const std::string& name, const std::string& address, const std::string& peer) {
    const auto body = R"({"username":")" + name + R"(","password":"tidal-copper-orchard","email":")" + address + "\"}";
    return post("/api/v1/auth/register", body, {.peer = peer}).status;
  }
};

TEST_F(MailLimited, S91_one_address_is_mailed_so_often_by_one_source_and_six_times_that_by_all) {
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.1"), 201);
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.1"), 201);
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.1"), 429);
  EXPECT_EQ(challenge("eve@example.com", "192.0.2.1"), 201);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(challenge("ada@example.com", "192.0.2.1" + std::to_string(i)), 201) << i;
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.99"), 201) << "and past it once by each";
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.99"), 429);
}

TEST_F(MailLimited, S22_strangers_of_several_networks_cannot_deny_a_recovery) {
  for (int network = 0; network < 7; ++network)
    for (int i = 0; i < 3; ++i) recover("ada@example.com", "192.0.2.1" + std::to_string(network));
  const auto mailed = identity.times("start_recovery");
  EXPECT_EQ(recover("ada@example.com", "198.51.100.9").text("challenge_id"), test_uuid(901)) << "she gets her code";
  EXPECT_EQ(identity.times("start_recovery"), mailed + 1);
  recover("ada@example.com", "198.51.100.9");
  EXPECT_EQ(identity.times("start_recovery"), mailed + 1) << "once";
}

TEST_F(MailLimited, S91_what_all_networks_together_mail_to_one_address_is_bounded) {
  for (int i = 0; i < 200; ++i) recover("ada@example.com", "198.51." + std::to_string(i / 100) + "." + std::to_string(i % 100));
  EXPECT_EQ(identity.times("start_recovery"), 12 + 120);
}

TEST_F(MailLimited, S91_spellings_of_one_address_are_one_address) {
  EXPECT_EQ(challenge("ada@b\xc3\xbc" "cher.example", "192.0.2.1"), 201);
  EXPECT_EQ(challenge("ADA@xn--bcher-kva.example", "192.0.2.1"), 201);
  EXPECT_EQ(challenge("ada@B\xc3\x9c" "CHER.example", "192.0.2.1"), 429);
}

TEST_F(MailLimited, S91_a_stranger_cannot_use_up_somebody_elses_recovery) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(recover("ada@example.com", "192.0.2.66").status, 202);
  EXPECT_EQ(identity.times("start_recovery"), 2) << "past the limit nothing is mailed and no code replaced";
  EXPECT_EQ(recover("ada@example.com", "192.0.2.1").text("challenge_id"), test_uuid(901));
  EXPECT_EQ(identity.times("start_recovery"), 3) << "she gets her code";
}

TEST_F(MailLimited, S91_all_networks_of_one_48_are_one_stranger) {
  for (int i = 0; i < 9; ++i) EXPECT_EQ(recover("ada@example.com", "2001:db8:1:" + std::to_string(i) + "::1").status, 202);
  EXPECT_EQ(identity.times("start_recovery"), 2);
  EXPECT_EQ(recover("ada@example.com", "2001:db8:2::1").text("challenge_id"), test_uuid(901)) << "she gets her code";
}

TEST_F(MailLimited, S85_a_recovery_past_the_limit_is_answered_like_any_other) {
  const auto first = recover("ada@example.com", "192.0.2.66");
  recover("ada@example.com", "192.0.2.66");
  const auto quiet = recover("ada@example.com", "192.0.2.66");
  EXPECT_EQ(quiet.status, first.status);
  EXPECT_EQ(quiet.text("expires_at"), first.text("expires_at"));
  EXPECT_TRUE(Uuid::parse(quiet.text("challenge_id")));
  EXPECT_EQ(quiet.json().size(), first.json().size());
  EXPECT_EQ(quiet.fields.size(), first.fields.size());
}

TEST_F(MailLimited, S91_a_registration_mails_its_address_and_counts) {
  EXPECT_EQ(challenge("ada@example.com", "192.0.2.1"), 201);
  EXPECT_EQ(enrol("eve", "ada@example.com", "192.0.2.1"), 201);
  EXPECT_EQ(enrol("eve-two", "Ada@example.com", "192.0.2.1"), 429);
  EXPECT_EQ(identity.times("create_user"), 1);
}

class GuessLimited : public GatewayTest {
 protected:
  static constexpr const char* good_password = "tidal-copper-orchard";
  static config::Config without_other_limits() {
    config::Config config;
    config.rate_limit.login_per_minute = 1000;
    return config;
  }
  GuessLimited() : GatewayTest(without_other_limits()) {}
  int login(const std::string& name, const std::string& password, const std::string& peer) {
    const auto body = R"({"username":")" + name + R"(","password":")" + password + "\"}";
    return post("/api/v1/auth/login", body, {.peer = peer}).status;
  }
  static std::string peer(int i) { return "2001:db8:1:" + std::to_string(i) + "::1"; }
};

TEST_F(GuessLimited, S23_one_name_is_guessed_at_so_often_from_one_48) {
  const auto most = static_cast<int>(limits::guesses_per_network_max);
  for (const auto* name : {"ada", "nobody"}) {
    for (int i = 0; i < most; ++i) EXPECT_EQ(login(name, "x-x-x-x-x", peer(i)), 401) << i;
    EXPECT_EQ(login(name, "x-x-x-x-x", peer(999)), 429) << "known or not";
  }
  EXPECT_EQ(login("eve", "x-x-x-x-x", peer(1)), 401);
  EXPECT_EQ(login("ada", "x-x-x-x-x", "2001:db8:2::1"), 401);
  EXPECT_EQ(login("ada", "x-x-x-x-x", "192.0.2.1"), 401);
}

TEST_F(GuessLimited, S22_whoever_guessed_right_has_their_guesses_back) {
  const auto ada = person("ada");
  credential.passwords[ada.id] = good_password;
  const auto most = static_cast<int>(limits::guesses_per_network_max);
  for (int i = 0; i < 3 * most; ++i)
    EXPECT_EQ(login("ada", i % most == most - 1 ? good_password : "x-x-x-x-x", peer(i)), i % most == most - 1 ? 200 : 401);
}

}  // namespace
}  // namespace gatehouse::gateway
