#include "notification/adapters/queue_fixture_test.h"

namespace gatehouse::notification {
namespace {

class Alerts : public MailQueueTest {
 protected:
  void SetUp() override {
    MailQueueTest::SetUp();
    identity_.add_user("u1", {"a@example.com", "b@example.com"}, random_);
  }
  events::Event event(std::string type, std::string data) {
    return {.event_id = Uuid::make_v7(clock_.wall(), random_).str(),
            .event_type = std::move(type),
            .source = "test",
            .subject = "u1",
            .occurred_at = clock_.wall(),
            .correlation_id = "c-1",
            .data = std::move(data)};
  }
  events::Event password_replaced() { return event("password.set.v1", R"({"version":2})"); }
  events::Event detached(const std::string& address, bool verified) {
    auto sealed = sealed_event("identifier.detached.v1", "u1",
                               R"({"identifier_id":"i","type":"email","value":")" + address + R"(","verified":)" + (verified ? "true}" : "false}"));
    sealed.subject = "u1";
    return sealed;
  }
  // Whom the event is told to.
  std::vector<std::string> told_of(const events::Event& event) {
    const auto before = outgoing_.sent.size();
    EXPECT_TRUE(handle(event));
    while (send_next().value()) {
    }
    std::vector<std::string> to;
    for (auto i = before; i < outgoing_.sent.size(); ++i) to.push_back(outgoing_.sent[i].to);
    return to;
  }
};
using Addresses = std::vector<std::string>;

TEST_F(Alerts, S14_a_replaced_password_is_told_to_every_verified_address) {
  identity_.addresses["u1"].add_identifiers()->set_value("unverified@example.com");
  const auto event = password_replaced();
  EXPECT_EQ(told_of(event), (Addresses{"a@example.com", "b@example.com"}));
  EXPECT_EQ(outgoing_.ids, (Addresses{event.event_id, event.event_id + "-2"}));
  EXPECT_EQ(told().at(1).event.data, R"({"template":"password_changed"})");
  EXPECT_EQ(told().at(1).event.subject, "u1");
}

TEST_F(Alerts, S14_an_address_that_was_added_is_told_to_the_others) {
  EXPECT_EQ(told_of(event("identifier.verified.v1", R"({"identifier_id":"id-of-b@example.com","type":"email"})")), Addresses{"a@example.com"});
  EXPECT_EQ(outgoing_.sent.back().subject, "An address was added to your account at Torhaus");
}

TEST_F(Alerts, S14_an_address_that_was_removed_is_told_of_it_with_the_others) {
  EXPECT_EQ(told_of(detached("old@example.com", true)), (Addresses{"a@example.com", "b@example.com", "old@example.com"}));
  EXPECT_EQ(told_of(detached("b@example.com", true)), (Addresses{"a@example.com", "b@example.com"})) << "attached anew meanwhile";
}

TEST_F(Alerts, what_opens_no_way_into_an_account_is_told_to_nobody) {
  EXPECT_EQ(told_of(event("password.set.v1", "{}")), Addresses{}) << "a first one";
  EXPECT_EQ(told_of(detached("stranger@example.com", false)), Addresses{});
  EXPECT_EQ(told_of(event("identifier.attached.v1", R"({"identifier_id":"i","type":"email"})")), Addresses{});
}

TEST_F(Alerts, an_alert_says_what_happened_when_and_what_to_do_in_the_owners_language) {
  told_of(password_replaced());
  const auto text = outgoing_.sent.back().text;
  const auto when = to_rfc3339(clock_.wall());
  for (const auto& part : {std::string("Hello alice,"), std::string("password of your account at Torhaus was changed"),
                           when.substr(0, 10) + " " + when.substr(11, 5) + " UTC", std::string("Recover it now")})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  EXPECT_EQ(text.find('{'), std::string::npos) << text;
  identity_.users["u1"].set_locale("de");
  for (const auto& one : {password_replaced(), detached("old@example.com", true), event("identifier.verified.v1", R"({"identifier_id":"i","type":"email"})")}) {
    told_of(one);
    EXPECT_EQ(outgoing_.sent.back().language, "de");
    EXPECT_NE(outgoing_.sent.back().text.find("Stelle es jetzt wieder her"), std::string::npos);
    EXPECT_EQ(outgoing_.sent.back().text.find("@"), std::string::npos) << "one address is not told of another";
  }
}

TEST_F(Alerts, S86_of_an_alert_no_address_stands_readable_on_the_disk) {
  ASSERT_TRUE(handle(detached("old@example.com", true)));
  EXPECT_EQ(queued(), 3);
  EXPECT_EQ(everything_on_disk().find("example.com"), std::string::npos);
}

TEST_F(Alerts, I5_are_told_once_however_often_their_event_is_delivered) {
  const auto event = password_replaced();
  EXPECT_EQ(told_of(event).size(), 2U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(told_of(event), Addresses{});
}

TEST_F(Alerts, S91_one_user_is_told_of_so_many_an_hour) {
  int alerts = 0;
  for (int i = 0; i < 20; ++i) alerts += told_of(password_replaced()).empty() ? 0 : 1;
  EXPECT_EQ(alerts, alerts_per_hour_max);
  identity_.add_user("u2", {"c@example.com"}, random_);
  auto others = password_replaced();
  others.subject = "u2";
  EXPECT_EQ(told_of(others), Addresses{"c@example.com"});
  clock_.advance(std::chrono::hours{1});
  EXPECT_EQ(told_of(password_replaced()).size(), 2U);
}

TEST_F(Alerts, wait_for_identity_and_pass_over_who_was_erased) {
  identity_.is_away = true;
  EXPECT_EQ(handle(password_replaced()).error().code, Code::unavailable);
  identity_.is_away = false;
  ASSERT_TRUE(handle(password_replaced()));
  identity_.keys.clear();
  while (send_next().value()) {
  }
  EXPECT_TRUE(outgoing_.sent.empty()) << "erased while it was queued";
  EXPECT_EQ(told_of(password_replaced()), Addresses{});
}

TEST_F(Alerts, that_cannot_be_read_are_refused) {
  EXPECT_EQ(handle(event("identifier.verified.v1", R"({"type":"email"})")).error().reason, "event_malformed");
  EXPECT_EQ(handle(event("identifier.detached.v1", R"({"type":"email"})")).error().reason, "event_malformed");
}

}  // namespace
}  // namespace gatehouse::notification
