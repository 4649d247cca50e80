#include "notification/adapters/queue_fixture_test.h"

namespace gatehouse::notification {
namespace {

TEST_F(MailQueueTest, an_event_becomes_a_mail_and_the_mail_an_event) {
  const auto event = user_created();
  ASSERT_TRUE(handle(event));
  ASSERT_TRUE(send_next().value());
  EXPECT_FALSE(send_next().value());
  ASSERT_EQ(outgoing_.sent.size(), 1U);
  EXPECT_EQ(outgoing_.sent[0].to, "alice@example.com");
  EXPECT_EQ(outgoing_.ids[0], event.event_id);
  ASSERT_EQ(told().size(), 1U);
  EXPECT_EQ(told()[0].event.event_type, "mail.sent.v1");
  EXPECT_EQ(told()[0].event.subject, event.subject);
  EXPECT_EQ(told()[0].event.correlation_id, "c-1");
  EXPECT_EQ(told()[0].event.data, R"({"template":"welcome"})");
  EXPECT_EQ(queued(), 0);
}

TEST_F(MailQueueTest, S91_many_deliveries_of_one_event_are_one_mail) {
  const auto event = challenge_created();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(handle(event));
  while (send_next().value()) {
  }
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(handle(event));
  while (send_next().value()) {
  }
  EXPECT_EQ(outgoing_.sent.size(), 1U);
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(MailQueueTest, S86_S105_a_code_stands_in_no_file_event_or_log_line) {
  const auto lines = std::make_shared<std::string>();
  log::set_sink([lines](std::string_view line) { *lines += line; });
  log::set_level(log::Level::debug);
  const auto event = challenge_created();
  EXPECT_EQ(events::to_json(event).find(code), std::string::npos);
  ASSERT_TRUE(handle(event));
  EXPECT_EQ(everything_on_disk().find(code), std::string::npos);
  EXPECT_EQ(everything_on_disk().find("bob@example.com"), std::string::npos);
  outgoing_.failures = 1;
  ASSERT_TRUE(send_next());
  clock_.advance(std::chrono::minutes{1});
  ASSERT_TRUE(send_next().value());
  ASSERT_EQ(outgoing_.sent.size(), 1U);
  EXPECT_NE(outgoing_.sent[0].text.find(code), std::string::npos);
  EXPECT_EQ(everything_on_disk().find(code), std::string::npos);
  database_->close();
  EXPECT_EQ(everything_on_disk().find(code), std::string::npos);
  log::set_level(log::Level::info);
  log::set_sink({});
  EXPECT_EQ(lines->find(code), std::string::npos);
  EXPECT_EQ(lines->find("bob@example.com"), std::string::npos);
}

TEST_F(MailQueueTest, S18_a_decoy_goes_the_way_of_a_mail_and_is_not_told_of) {
  ASSERT_TRUE(handle(challenge_created("c1", "decoy")));
  EXPECT_EQ(queued(), 1);
  EXPECT_TRUE(send_next().value());
  ASSERT_EQ(outgoing_.sent.size(), 1U);
  EXPECT_FALSE(outgoing_.sent[0].is_delivered);
  EXPECT_EQ(queued(), 0);
  EXPECT_TRUE(told().empty());
}

TEST_F(MailQueueTest, an_outage_of_mail_is_seen_in_the_metrics) {
  EXPECT_NE(metrics_.expose().find("gatehouse_mail_failed_total{template=\"recovery\"} 0"), std::string::npos);
  ASSERT_TRUE(handle(challenge_created()));
  outgoing_.failures = 1;
  ASSERT_TRUE(send_next());
  clock_.advance(std::chrono::seconds{90});
  outgoing_.failures = 1;
  ASSERT_TRUE(send_next());
  const auto text = metrics_.expose();
  for (const std::string_view expected : {"gatehouse_mail_queued 1", "gatehouse_mail_oldest_seconds 90",
                                          "gatehouse_mail_failed_tries_total{template=\"verify\"} 2"})
    EXPECT_NE(text.find(expected), std::string::npos) << expected << "\n" << text;
  clock_.advance(std::chrono::seconds{90});
  ASSERT_TRUE(send_next());
  clock_.advance(std::chrono::seconds{5});
  ASSERT_TRUE(send_next());
  EXPECT_NE(metrics_.expose().find("gatehouse_mail_queued 0"), std::string::npos);
}

TEST_F(MailQueueTest, codes_overtake_welcomes_that_wait) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(handle(user_created()));
  ASSERT_TRUE(send_next().value());
  ASSERT_TRUE(handle(challenge_created()));
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.sent.back().to, "bob@example.com");
}

TEST_F(MailQueueTest, a_mail_that_fails_waits_and_goes_later_and_holds_up_no_other) {
  outgoing_.failures = 1;
  ASSERT_TRUE(handle(challenge_created()));
  ASSERT_TRUE(handle(user_created()));
  ASSERT_TRUE(send_next().value());
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.sent.at(0).to, "alice@example.com");
  EXPECT_FALSE(send_next().value());
  const auto until = wait(store_->until_due(Call{}, clock_.wall())).value();
  ASSERT_TRUE(until);
  EXPECT_LE(*until, Milliseconds{1'000});
  clock_.advance(*until);
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.sent.at(1).to, "bob@example.com");
}

TEST_F(MailQueueTest, a_mail_that_cannot_be_sent_is_given_up_told_once_and_its_words_destroyed) {
  outgoing_.failures = -1;
  ASSERT_TRUE(handle(user_created()));
  for (int tries = 0; tries < 100; ++tries) {
    ASSERT_TRUE(send_next());
    clock_.advance(backoff_max);
  }
  EXPECT_EQ(outgoing_.tries, static_cast<int>(mail_attempts_max));
  ASSERT_EQ(told().size(), 1U);
  EXPECT_EQ(told()[0].event.event_type, "mail.failed.v1");
  EXPECT_EQ(queued(), 0);
}

TEST_F(MailQueueTest, an_address_that_no_try_can_help_is_given_up_at_once) {
  outgoing_.failures = 1;
  outgoing_.failure = Code::invalid_argument;
  ASSERT_TRUE(handle(user_created()));
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(told().at(0).event.event_type, "mail.failed.v1");
  EXPECT_FALSE(send_next().value());
}

TEST_F(MailQueueTest, a_code_that_expired_while_it_waited_is_not_sent) {
  ASSERT_TRUE(handle(challenge_created()));
  clock_.advance(std::chrono::minutes{10});
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.tries, 0);
  EXPECT_EQ(told().at(0).event.event_type, "mail.failed.v1");
}

TEST_F(MailQueueTest, who_has_been_erased_gets_no_mail_whether_before_or_after_it_was_queued) {
  const auto late = user_created("gone");
  identity_.keys.erase("gone");
  EXPECT_TRUE(handle(late));
  EXPECT_FALSE(send_next().value());
  ASSERT_TRUE(handle(user_created("going")));
  identity_.keys.erase("going");
  ASSERT_TRUE(send_next().value());
  EXPECT_FALSE(send_next().value());
  EXPECT_EQ(outgoing_.tries, 0);
  EXPECT_TRUE(told().empty());
}

TEST_F(MailQueueTest, while_identity_is_away_events_are_refused_and_mails_wait) {
  ASSERT_TRUE(handle(user_created()));
  identity_.is_away = true;
  EXPECT_EQ(handle(challenge_created()).error().code, Code::unavailable);
  ASSERT_TRUE(send_next().value());
  identity_.is_away = false;
  clock_.advance(Milliseconds{1'000});
  ASSERT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.sent.size(), 1U);
}

TEST_F(MailQueueTest, an_event_under_a_wrong_key_or_unsealed_is_refused) {
  const auto event = user_created("u1");
  identity_.add_key("u1", random_);
  EXPECT_EQ(handle(event).error().reason, "sealed_box_broken");
  auto plain = user_created("u2");
  plain.data = R"({"username":"alice","email":"alice@example.com","locale":"en"})";
  EXPECT_EQ(handle(plain).error().reason, "event_malformed");
}

TEST_F(MailQueueTest, a_clock_set_back_an_hour_does_not_hold_a_mail_for_an_hour) {
  outgoing_.failures = 1;
  ASSERT_TRUE(handle(user_created()));
  ASSERT_TRUE(send_next().value());
  clock_.step_wall(-std::chrono::hours{1});
  EXPECT_TRUE(send_next().value());
  EXPECT_EQ(outgoing_.sent.size(), 1U);
}

// The crash between sending a mail and noting that it was sent: the store stays behind what happened.
TEST_F(MailQueueTest, a_mail_sent_again_after_a_crash_is_the_same_file) {
  const auto sender = mail::make_eml_sender(folder_ / "mail", clock_);
  MailOutgoing files(*sender, "Gatehouse <no-reply@example.org>");
  ASSERT_TRUE(handle(user_created()));
  const auto due = wait(store_->find_due(Call{}, clock_.wall())).value().value();
  const auto letter = open_letter(due.box, subject_key(identity_.keys.at("u1")).value(), due.id).value();
  ASSERT_TRUE(wait(files.send(Call{}, letter, due.id, due.created_at)));
  const Dispatcher::Needs needs{*store_, files, identity_, clock_, random_, metrics_};
  Dispatcher after_the_crash(needs);
  ASSERT_TRUE(wait(after_the_crash.send_next()).value());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "mail"), {}), 1);
  EXPECT_EQ(told().size(), 1U);
}

TEST_F(MailQueueTest, wired_together_an_appended_event_becomes_a_file_and_stopping_waits_for_everything) {
  const auto sender = mail::make_eml_sender(folder_ / "mail", clock_);
  const config::Mail config;
  auto identity_database = open("identity.db", {});
  const auto log = sqlite::make_event_log(*identity_database, events::topic_identity);
  const auto memory = sqlite::make_delivery_store(*database_);
  const Parts parts{*database_, *sender, identity_, config, clock_, random_, metrics_};
  const auto handler = make_mail_consumer(parts);
  events::Consumer consumer({.name = std::string(consumer_name)}, *log, *memory, *handler, clock_, random_, metrics_);
  std::vector<events::Event> appended;
  for (int i = 0; i < 5; ++i) appended.push_back(user_created());
  std::optional<Scope> scope;
  std::promise<void> started;
  shard_.post([&] {
    scope.emplace(shard_.executor());
    consumer.start(shard_, *scope);
    scope->spawn(send_queued_mail(parts));
    started.set_value();
  });
  started.get_future().get();
  for (const auto& event : appended) {
    auto job = [&event](sqlite::Connection& connection) { return sqlite::append_event(connection, event); };
    ASSERT_TRUE(wait(identity_database->write<void>(Call{}, job)));
  }
  while (told().size() < appended.size()) {
  }
  wait(scope->close());
  std::promise<void> gone;
  shard_.post([&] { scope.reset(), gone.set_value(); });
  gone.get_future().get();
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "mail"), {}), 5);
  identity_database->close();
}

}  // namespace
}  // namespace gatehouse::notification
