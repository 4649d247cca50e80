#include "events/delivery.h"

#include <gtest/gtest.h>

namespace gatehouse::events {
namespace {

LoggedEvent event(std::int64_t offset, std::string subject) {
  return {.offset = offset, .event = {.event_id = "e" + std::to_string(offset), .subject = std::move(subject)}};
}

constexpr DeliveryOptions rules{.attempts_max = 4, .backoff_min = Milliseconds{100}, .backoff_max = Milliseconds{1'000}, .parked_max = 20};

class DeliveryTest : public ::testing::Test {
 protected:
  [[nodiscard]] Now now() const { return {clock_.wall(), clock_.steady()}; }
  Delivery::Verdict fail(ParkedEvent tried, Code code) { return delivery_.on_failure(std::move(tried), code, now(), random_); }
  ManualClock clock_;
  SeededRandom random_{1};
  Delivery delivery_{rules, 0, {}, now()};
};

TEST_F(DeliveryTest, an_event_that_failed_is_due_after_its_backoff_and_not_before) {
  const auto verdict = fail({.logged = event(1, "a")}, Code::internal);
  EXPECT_FALSE(verdict.is_dead);
  EXPECT_FALSE(delivery_.due(now()));
  const auto wait = delivery_.until_due(now());
  ASSERT_TRUE(wait);
  EXPECT_GE(*wait, Milliseconds{50});
  EXPECT_LE(*wait, Milliseconds{100});
  clock_.advance(*wait);
  ASSERT_TRUE(delivery_.due(now()));
  EXPECT_EQ(delivery_.due(now())->logged.offset, 1);
}

TEST_F(DeliveryTest, backoff_doubles_up_to_its_maximum) {
  ParkedEvent tried{.logged = event(1, "a")};
  for (const auto longest : {100, 200, 400, 800, 1000, 1000, 1000}) {
    tried = fail(tried, Code::unavailable).event;
    const auto wait = *delivery_.until_due(now());
    EXPECT_GE(wait.count(), longest / 2);
    EXPECT_LE(wait.count(), longest);
    clock_.advance(wait);
  }
}

TEST_F(DeliveryTest, later_events_of_a_subject_wait_behind_and_other_subjects_do_not) {
  (void)fail({.logged = event(1, "a")}, Code::internal);
  EXPECT_TRUE(delivery_.has_to_wait(event(2, "a")));
  EXPECT_FALSE(delivery_.has_to_wait(event(3, "b")));
  (void)delivery_.wait_behind(event(2, "a"), now());
  clock_.advance(Milliseconds{100});
  const auto first = delivery_.due(now());
  ASSERT_EQ(first->logged.offset, 1);
  delivery_.on_success(*first);
  ASSERT_EQ(delivery_.due(now())->logged.offset, 2);
  delivery_.on_success(*delivery_.due(now()));
  EXPECT_FALSE(delivery_.has_to_wait(event(4, "a")));
  EXPECT_EQ(delivery_.until_due(now()), std::nullopt);
}

TEST_F(DeliveryTest, what_cannot_be_helped_dies_at_once_and_its_lane_goes_on) {
  for (const auto code : {Code::invalid_argument, Code::not_found, Code::already_exists, Code::out_of_range, Code::unimplemented})
    EXPECT_TRUE(fail({.logged = event(1, "a")}, code).is_dead);
  EXPECT_FALSE(delivery_.has_to_wait(event(2, "a")));
}

TEST_F(DeliveryTest, poison_dies_after_its_last_attempt) {
  ParkedEvent tried{.logged = event(1, "a")};
  for (int attempt = 1; attempt < 4; ++attempt) {
    const auto verdict = fail(tried, Code::internal);
    ASSERT_FALSE(verdict.is_dead) << attempt;
    tried = verdict.event;
  }
  EXPECT_TRUE(fail(tried, Code::internal).is_dead);
}

TEST_F(DeliveryTest, an_outage_never_kills_an_event) {
  ParkedEvent tried{.logged = event(1, "a")};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto verdict = fail(tried, Code::unavailable);
    ASSERT_FALSE(verdict.is_dead);
    tried = verdict.event;
  }
}

TEST_F(DeliveryTest, is_full_when_too_many_are_parked_and_not_full_when_one_is_done) {
  for (std::int64_t i = 1; i <= 20; ++i) {
    EXPECT_FALSE(delivery_.is_full());
    (void)fail({.logged = event(i, "s" + std::to_string(i))}, Code::unavailable);
  }
  EXPECT_TRUE(delivery_.is_full());
  delivery_.on_success({.logged = event(7, "s7")});
  EXPECT_FALSE(delivery_.is_full());
}

TEST_F(DeliveryTest, a_clock_set_back_or_forward_changes_no_wait_of_a_living_process) {
  (void)fail({.logged = event(1, "a")}, Code::internal);
  const auto wait = *delivery_.until_due(now());
  clock_.step_wall(-std::chrono::hours{1});
  EXPECT_EQ(*delivery_.until_due(now()), wait);
  clock_.step_wall(std::chrono::hours{2});
  EXPECT_EQ(*delivery_.until_due(now()), wait);
}

TEST_F(DeliveryTest, after_a_restart_under_a_clock_set_back_the_wait_is_at_most_the_longest_backoff) {
  const auto parked = fail({.logged = event(1, "a")}, Code::internal).event;
  clock_.step_wall(-std::chrono::hours{1});
  const Delivery restarted(rules, 1, {parked}, now());
  EXPECT_LE(*restarted.until_due(now()), rules.backoff_max);
}

// ---- Random operations against a model: a log, a store that survives crashes, and a handler with a will of its own.

struct Script {  // what the handler does with an event: some failures, then success or a hopeless end
  int poison = 0;
  int outages = 0;
  bool is_hopeless = false;
};

class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed) {
    for (std::int64_t offset = 1; offset <= 120; ++offset) {
      log_.push_back(event(offset, "s" + std::to_string(random_.below(6))));
      Script script;
      if (chance(3)) script.poison = static_cast<int>(random_.below(rules.attempts_max));  // fewer than it takes to die
      if (chance(3)) script.outages = static_cast<int>(random_.below(6));
      script.is_hopeless = chance(12);
      scripts_[offset] = hopeless_[offset] = script;
    }
    restart();
  }

  void run() {
    for (int step = 0; step < 4'000; ++step) operate();
    for (int step = 0; step < 20'000 && !is_drained(); ++step) {
      clock_.advance(Milliseconds{200});
      if (!retry(0)) read(0);
    }
  }

  void expect_nothing_lost_doubled_or_out_of_order() const {
    ASSERT_TRUE(is_drained());
    for (const auto& logged : log_) {
      const bool should_die = hopeless_.at(logged.offset).is_hopeless;
      EXPECT_EQ(dead_.contains(logged.offset), should_die) << logged.offset;
      EXPECT_EQ(effects_.contains(logged.offset), !should_die) << logged.offset;
    }
    EXPECT_TRUE(order_was_kept_);
    EXPECT_TRUE(parked_.empty());
  }

 private:
  [[nodiscard]] Now now() const { return {clock_.wall(), clock_.steady()}; }
  bool chance(std::uint64_t one_in) { return one_in != 0 && random_.below(one_in) == 0; }

  void operate() {
    switch (random_.below(8)) {
      case 0: return restart();
      case 1: return clock_.step_wall(Milliseconds{static_cast<std::int64_t>(random_.below(7'200'000)) - 3'600'000});
      case 2: return clock_.advance(Milliseconds{static_cast<std::int64_t>(random_.below(400))});
      case 3: return replay_a_dead_one();
      case 4: case 5: read(20); return;
      default: retry(10); return;
    }
  }

  void restart() {  // everything in memory is gone
    std::vector<ParkedEvent> parked;
    for (const auto& [offset, one] : parked_) parked.push_back(one);
    delivery_.emplace(rules, offset_, std::move(parked), now());
  }

  std::optional<Code> handle(const LoggedEvent& logged) {
    auto& script = scripts_[logged.offset];
    if (script.is_hopeless) return Code::invalid_argument;
    if (script.outages > 0) return --script.outages, Code::unavailable;
    if (script.poison > 0) return --script.poison, Code::internal;
    if (!effects_.insert(logged.offset).second) return std::nullopt;  // the inbox knows it: no second effect
    for (const auto& earlier : log_) {
      if (earlier.offset >= logged.offset) break;
      if (earlier.event.subject != logged.event.subject) continue;
      if (!effects_.contains(earlier.offset) && !was_dead_.contains(earlier.offset)) order_was_kept_ = false;
    }
    return std::nullopt;
  }

  void bury(std::int64_t offset) {
    parked_.erase(offset);
    dead_.insert(offset);
    was_dead_.insert(offset);
  }

  // Reads a few events on and saves; a crash (one in `crash`) may come at any point before the save.
  void read(std::uint64_t crash) {
    std::map<std::int64_t, ParkedEvent> newly_parked;
    const auto from = delivery_->offset();
    for (auto offset = from + 1; offset <= from + 8 && offset <= std::ssize(log_); ++offset) {
      if (delivery_->is_full()) break;
      const auto& logged = log_[static_cast<std::size_t>(offset - 1)];
      if (delivery_->has_to_wait(logged)) {
        newly_parked[offset] = delivery_->wait_behind(logged, now());
      } else if (const auto failed = handle(logged)) {
        auto verdict = delivery_->on_failure({.logged = logged}, *failed, now(), random_);
        if (verdict.is_dead) bury(offset);
        else newly_parked[offset] = std::move(verdict.event);
      }
      delivery_->read_to(offset);
      if (chance(crash)) return restart();
    }
    offset_ = delivery_->offset();
    for (auto& [offset, one] : newly_parked) parked_[offset] = std::move(one);
  }

  bool retry(std::uint64_t crash) {
    const auto due = delivery_->due(now());
    if (!due) return false;
    const auto failed = handle(due->logged);
    if (chance(crash)) return restart(), true;
    if (!failed) {
      delivery_->on_success(*due);
      if (chance(crash)) return restart(), true;
      parked_.erase(due->logged.offset);
      return true;
    }
    const auto verdict = delivery_->on_failure(*due, *failed, now(), random_);
    if (chance(crash)) return restart(), true;
    if (verdict.is_dead) bury(due->logged.offset);
    else parked_[due->logged.offset] = verdict.event;
    return true;
  }

  void replay_a_dead_one() {
    if (dead_.empty()) return;
    const auto offset = *dead_.begin();
    dead_.erase(offset);
    if (chance(2)) scripts_[offset].is_hopeless = hopeless_[offset].is_hopeless = false;  // somebody repaired the cause
    parked_[offset] = {.logged = log_[static_cast<std::size_t>(offset - 1)], .next_at = clock_.wall()};
    restart();
  }

  [[nodiscard]] bool is_drained() const { return offset_ == std::ssize(log_) && parked_.empty(); }

  SeededRandom random_;
  ManualClock clock_;
  std::vector<LoggedEvent> log_;
  std::map<std::int64_t, Script> scripts_, hopeless_;
  std::optional<Delivery> delivery_;
  // what survives a crash
  std::int64_t offset_ = 0;
  std::map<std::int64_t, ParkedEvent> parked_;
  std::set<std::int64_t> dead_, was_dead_, effects_;
  bool order_was_kept_ = true;
};

TEST(DeliveryModel, loses_doubles_and_reorders_nothing_whatever_happens) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE(seed);
    World world(seed);
    world.run();
    world.expect_nothing_lost_doubled_or_out_of_order();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace gatehouse::events
