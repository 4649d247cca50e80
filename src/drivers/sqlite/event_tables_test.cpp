#include <boost/asio/co_spawn.hpp>
#include <map>

#include "base/id.h"
#include "drivers/sqlite/database_fixture_test.h"
#include "drivers/sqlite/inbox.h"
#include "drivers/sqlite/outbox.h"
#include "drivers/sqlite/retention.h"

namespace gatehouse::sqlite {
namespace {

class EventTablesTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    log_ = make_event_log(*database_, events::topic_identity);
    store_ = make_delivery_store(*database_);
  }
  events::Event make_event(std::string subject, WallTime at) {
    return {.event_id = Uuid::make_v7(at, random_).str(),
            .event_type = "user.updated.v1",
            .source = "identity",
            .subject = std::move(subject),
            .occurred_at = at,
            .correlation_id = "c-1",
            .data = R"({"status":"active"})"};
  }
  Result<void> append(events::Event event) {
    auto job = [event = std::move(event)](Connection& connection) { return append_event(connection, event); };
    return wait<void>(database_->write<void>(Call{}, job));
  }
  std::vector<events::LoggedEvent> read(std::int64_t after, int limit) {
    return wait<std::vector<events::LoggedEvent>>(log_->read(Call{}, after, limit)).value();
  }
  events::Position stand(std::string consumer) {
    return wait<events::Position>(store_->load_position(Call{}, std::move(consumer))).value();
  }
  Result<bool> claim(std::string consumer, std::string id) {
    auto job = [consumer, id](Connection& connection) { return claim_event(connection, consumer, id); };
    return wait<bool>(database_->write<bool>(Call{}, job));
  }

  SeededRandom random_{5};
  const WallTime noon_ = from_ms(1'700'000'000'123);
  std::unique_ptr<events::EventLog> log_;
  std::unique_ptr<events::DeliveryStore> store_;
};

TEST_F(EventTablesTest, an_event_is_read_as_it_was_appended_with_the_next_version_of_its_subject) {
  const auto first = make_event("u1", noon_);
  for (const auto& event : {first, make_event("u2", noon_), make_event("u1", noon_)}) ASSERT_TRUE(append(event));
  const auto read_back = read(0, 10);
  ASSERT_EQ(read_back.size(), 3U);
  EXPECT_EQ(read_back[0].event.event_id, first.event_id);
  EXPECT_EQ(read_back[0].event.occurred_at, noon_);
  EXPECT_EQ(read_back[0].event.data, first.data);
  EXPECT_EQ(read_back[0].event.subject_version, 1);
  EXPECT_EQ(read_back[1].event.subject_version, 1);
  EXPECT_EQ(read_back[2].event.subject_version, 2);
  EXPECT_EQ(read(read_back[0].offset, 1).at(0).offset, read_back[1].offset);
  EXPECT_TRUE(events::from_json(events::to_json(read_back[0].event)));
}

TEST_F(EventTablesTest, an_event_of_a_job_that_fails_never_existed_and_leaves_no_gap_in_its_subject) {
  auto failing = [event = make_event("u1", noon_)](Connection& connection) -> Done {
    auto appended = append_event(connection, event);
    if (!appended) return appended;
    return fail(Code::aborted, "changed_my_mind", "No.");
  };
  EXPECT_FALSE(wait<void>(database_->write<void>(Call{}, failing)));
  EXPECT_TRUE(read(0, 10).empty());
  ASSERT_TRUE(append(make_event("u1", noon_)));
  EXPECT_EQ(read(0, 10).at(0).event.subject_version, 1);
}

TEST_F(EventTablesTest, a_commit_with_an_event_wakes_readers_and_one_without_does_not) {
  std::atomic<int> woken{0};
  log_->on_append([&woken] { ++woken; });
  ASSERT_TRUE(add("quiet"));
  ASSERT_TRUE(append(make_event("u1", noon_)));
  ASSERT_TRUE(add("quiet again"));  // the writer has called the wake of the commit before by then
  EXPECT_EQ(woken.load(), 1);
}

TEST_F(EventTablesTest, an_event_is_claimed_once_by_each_consumer) {
  EXPECT_TRUE(claim("mail", "e1").value());
  EXPECT_FALSE(claim("mail", "e1").value());
  EXPECT_TRUE(claim("profile", "e1").value());
}

TEST_F(EventTablesTest, what_a_consumer_remembers_survives_a_restart) {
  auto logged = events::LoggedEvent{7, make_event("u1", noon_)};
  logged.event.subject_version = 1;
  const events::ParkedEvent parked{.logged = logged, .attempts = 2, .waits = 3, .next_at = noon_ + Milliseconds{5}};
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {9, "e9"}, {parked})));
  database_.reset();
  database_ = open();
  store_ = make_delivery_store(*database_);
  EXPECT_EQ(stand("mail").offset, 9);
  EXPECT_EQ(stand("mail").event_id, "e9");
  EXPECT_EQ(stand("other").offset, 0);
  const auto found = wait<std::vector<events::ParkedEvent>>(store_->load_parked(Call{}, "mail")).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].logged.event.event_id, logged.event.event_id);
  EXPECT_EQ(found[0].attempts, 2U);
  EXPECT_EQ(found[0].waits, 3U);
  EXPECT_EQ(found[0].next_at, parked.next_at);
}

TEST_F(EventTablesTest, a_dead_letter_is_listed_replayed_once_and_gone) {
  auto logged = events::LoggedEvent{7, make_event("u1", noon_)};
  logged.event.subject_version = 1;
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {7, "e"}, {{.logged = logged, .next_at = noon_}})));
  const events::DeadLetter letter{.consumer = "mail",
                                  .topic = "gatehouse.identity",
                                  .logged = logged,
                                  .attempts = 8,
                                  .last_error = "internal",
                                  .died_at = noon_};
  ASSERT_TRUE(wait<void>(store_->bury(Call{}, letter)));
  ASSERT_TRUE(wait<void>(store_->bury(Call{}, letter)));  // after a crash: still one
  EXPECT_TRUE(wait<std::vector<events::ParkedEvent>>(store_->load_parked(Call{}, "mail")).value().empty());
  const auto dead = wait<std::vector<events::DeadLetter>>(store_->list_dead(Call{}, "", 10)).value();
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_EQ(dead[0].last_error, "internal");
  EXPECT_TRUE(wait<std::vector<events::DeadLetter>>(store_->list_dead(Call{}, "profile", 10)).value().empty());
  ASSERT_TRUE(wait<void>(store_->replay_dead(Call{}, dead[0].id, noon_)));
  EXPECT_EQ(wait<void>(store_->replay_dead(Call{}, dead[0].id, noon_)).error().reason, "dead_letter_not_found");
  const auto parked = wait<std::vector<events::ParkedEvent>>(store_->load_parked(Call{}, "mail")).value();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].attempts, 0U);
  EXPECT_TRUE(wait<std::vector<events::DeadLetter>>(store_->list_dead(Call{}, "mail", 10)).value().empty());
}

TEST_F(EventTablesTest, F26_S109_an_event_that_breaks_its_envelope_is_parked_buried_shown_and_replayed_as_it_is) {
  const events::LoggedEvent broken{
      7, {.event_id = "x", .event_type = "", .subject = "\xff", .key_id = "k", .data = "not json \""}};
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {7, "e"}, {{.logged = broken}})));
  const auto parked = wait<std::vector<events::ParkedEvent>>(store_->load_parked(Call{}, "mail"));
  ASSERT_TRUE(parked) << "one unreadable event must not stop its consumer";
  EXPECT_EQ(parked->at(0).logged.event.data, broken.event.data);
  ASSERT_TRUE(wait<void>(store_->bury(Call{}, {.consumer = "mail", .topic = "t", .logged = broken})));
  const auto dead = wait<std::vector<events::DeadLetter>>(store_->list_dead(Call{}, "", 10)).value();
  EXPECT_EQ(dead.at(0).logged.event.subject, "\xff");
  EXPECT_EQ(dead.at(0).logged.event.key_id, "k");
  EXPECT_TRUE(wait<void>(store_->replay_dead(Call{}, dead.at(0).id, noon_)));
}

TEST_F(EventTablesTest, only_old_events_that_every_consumer_has_passed_are_trimmed) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(make_event("old", noon_)));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(append(make_event("new", noon_ + std::chrono::hours{48})));
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {9, "e"}, {})));
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "profile", {3, "e"}, {})));
  const RetentionOptions options{.keep = std::chrono::hours{24}, .rows_per_job = 2};
  const auto now = noon_ + std::chrono::hours{49};
  const std::vector<OutboxReader> readers = {{store_.get(), "mail"}, {store_.get(), "profile"}};
  ASSERT_TRUE(wait<void>(trim_once(*database_, readers, now, options)));
  EXPECT_EQ(read(0, 10).front().offset, 3) << "where the slowest stands";
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "profile", {10, "e"}, {})));
  ASSERT_TRUE(wait<void>(trim_once(*database_, readers, now, options)));
  EXPECT_EQ(read(0, 10).front().offset, 6);
  EXPECT_EQ(read(0, 10).size(), 5U);
}

TEST_F(EventTablesTest, an_offset_is_never_used_twice_after_trimming) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(make_event("u1", noon_)));
  ASSERT_TRUE(wait<void>(trim_once(*database_, {}, noon_ + std::chrono::hours{2}, {.keep = std::chrono::hours{1}})));
  ASSERT_EQ(read(0, 10).size(), 1U) << "the last one stays, for the next is numbered after it";
  ASSERT_TRUE(append(make_event("u1", noon_)));
  EXPECT_EQ(read(3, 10).at(0).offset, 4);
  EXPECT_EQ(read(3, 10).at(0).event.subject_version, 4);
}

TEST_F(EventTablesTest, claims_leave_the_inbox_when_their_events_are_old_and_have_left_the_log) {
  const auto old_id = make_event("u1", noon_).event_id;
  const auto new_id = make_event("u1", noon_ + std::chrono::hours{2}).event_id;
  const RetentionOptions options{.keep = std::chrono::hours{1}};
  const std::vector<OutboxReader> readers = {{store_.get(), "mail"}};
  const auto now = noon_ + std::chrono::hours{2};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append(make_event("u1", noon_)));
  ASSERT_TRUE(claim("mail", old_id).value() && claim("mail", new_id).value());
  ASSERT_TRUE(wait<void>(trim_once(*database_, readers, now, options)));
  EXPECT_FALSE(claim("mail", old_id).value()) << "an event that old is there to be read again";
  ASSERT_TRUE(append(make_event("u1", now)));
  ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {3, "e"}, {})));
  ASSERT_TRUE(wait<void>(trim_once(*database_, readers, now, options)));
  EXPECT_FALSE(claim("mail", new_id).value());
  EXPECT_TRUE(claim("mail", old_id).value());
}

TEST_F(EventTablesTest, a_log_holds_an_event_at_its_own_offset_only) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append(make_event("u1", noon_)));
  const auto second = read(1, 1).at(0).event.event_id;
  const auto holds = [this](std::int64_t offset, std::string id) {
    return wait<bool>(log_->holds(Call{}, {offset, std::move(id)})).value();
  };
  EXPECT_TRUE(holds(2, second));
  EXPECT_FALSE(holds(1, second));
  EXPECT_FALSE(holds(3, second));
}

TEST_F(EventTablesTest, whoever_begins_again_keeps_what_is_parked_and_dead_and_has_room_for_what_comes) {
  const auto at = [this](std::int64_t offset) { return events::LoggedEvent{offset, make_event("u1", noon_)}; };
  const auto count = [this] { return wait<std::vector<events::ParkedEvent>>(store_->load_parked(Call{}, "mail")).value().size(); };
  const auto dead = [this] { return wait<std::vector<events::DeadLetter>>(store_->list_dead(Call{}, "mail", 10)).value().size(); };
  for (std::size_t round = 1; round <= 3; ++round) {
    ASSERT_TRUE(wait<void>(store_->save_position(Call{}, "mail", {9, "e9"}, {{.logged = at(7)}, {.logged = at(8)}})));
    ASSERT_TRUE(wait<void>(store_->bury(Call{}, {.consumer = "mail", .topic = "t", .logged = at(6)})));
    EXPECT_EQ(count(), 2 * round);
    EXPECT_EQ(dead(), round);
    ASSERT_TRUE(wait<void>(store_->begin_again(Call{}, "mail")));
    EXPECT_EQ(stand("mail").offset, 0);
  }
}

// ---- The consumer on top, with a handler whose effect and claim are one transaction.

class CountingHandler final : public events::Handler {
 public:
  CountingHandler(Database& database, int failures) : database_(database), failures_(failures) {}
  Task<void> handle(Call call, events::Event event) override {
    ++tries;
    auto job = [event](Connection& connection) -> Done {
      auto first = claim_event(connection, "effects", event.event_id);
      if (!first) return pass(first);
      if (!*first) return {};
      auto done = connection.execute("INSERT INTO items (name) VALUES (?)", event.event_id + " " + event.subject);
      if (!done) return pass(done);
      return {};
    };
    auto done = co_await database_.write<void>(call, job);
    if (!done) co_return pass(done);
    // The effect is there, yet the consumer hears of a failure, as when it crashed before it could note the success.
    if (failures_ > 0 && tries % 3 == 0) {
      --failures_;
      co_return unavailable("flaky", "the answer got lost");
    }
    co_return Done{};
  }
  std::atomic<int> tries{0};

 private:
  Database& database_;
  std::atomic<int> failures_;
};

TEST_F(EventTablesTest, F24_every_event_has_its_effect_once_however_often_it_is_delivered) {
  constexpr int events_total = 120;
  telemetry::Metrics metrics;
  SystemRandom chance;  // the test draws event ids meanwhile
  CountingHandler handler(*database_, 60);
  const events::ConsumerOptions options{.name = "effects",
                                        .backoff_min = Milliseconds{1},
                                        .backoff_max = Milliseconds{2},
                                        .poll = Milliseconds{5},
                                        .batch = 7};
  for (int round = 0; round < 4; ++round) {  // each round ends the consumer somewhere in the middle
    std::optional<Scope> scope;
    std::optional<events::Consumer> consumer;
    std::promise<void> started;
    shard_.post([&] {
      scope.emplace(shard_.executor());
      consumer.emplace(options, *log_, *store_, handler, clock_, chance, metrics);
      consumer->start(shard_, *scope);
      started.set_value();
    });
    started.get_future().get();
    for (int i = 0; i < events_total / 4; ++i)
      ASSERT_TRUE(append(make_event("s" + std::to_string(i % 5), clock_.wall())));
    const auto is_last = round == 3;
    while (is_last && (count().value() < events_total ||
                       stand("effects").offset < events_total)) {
    }
    asio::co_spawn(shard_.executor(), scope->close(), asio::use_future).get();
    std::promise<void> gone;
    shard_.post([&] { consumer.reset(), scope.reset(), gone.set_value(); });
    gone.get_future().get();
  }
  EXPECT_EQ(count().value(), events_total);
  EXPECT_GT(handler.tries.load(), events_total);
}

}  // namespace
}  // namespace gatehouse::sqlite
