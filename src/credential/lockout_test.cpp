#include "credential/lockout.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "base/random.h"

namespace gatehouse::credential::lockout {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime start{Milliseconds{1'700'000'000'000}};
constexpr Milliseconds delay_max{limits::account_delay_max_ms};

// An attempt that fails before the next one begins.
Decision attempt(Guard& guard, WallTime now) {
  const auto decision = decide(guard, {}, now);
  if (!decision.is_admitted()) return decision;
  const auto account = guard.account_source;
  fail(guard, now);
  if (decision.is_blind) guard.account_source = account;  // the service counts it against the typed name alone
  return decision;
}

TEST(Lockout, the_free_failures_of_an_account_do_not_wait) {
  Guard guard;
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i)
    EXPECT_TRUE(attempt(guard, start).is_admitted());
  EXPECT_EQ(attempt(guard, start).wait, seconds(1));
}

TEST(Lockout, each_further_failure_doubles_the_wait_up_to_an_hour) {
  Guard guard;
  auto now = start;
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) (void)attempt(guard, now);
  Milliseconds expected = seconds(1);
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(attempt(guard, now).wait, expected);
    EXPECT_FALSE(attempt(guard, now + expected - Milliseconds{1}).is_admitted());
    now += expected;
    ASSERT_TRUE(attempt(guard, now).is_admitted());
    expected *= 2;
  }
  for (int i = 0; i < 10; ++i) now += attempt(guard, now).wait, (void)attempt(guard, now);
  EXPECT_EQ(attempt(guard, now).wait, delay_max);
}

TEST(Lockout, S16_the_accounts_own_wait_is_not_seen_through_another_of_its_names) {
  Guard guard{.account_source = {}, .source = {}, .typed = Entry{}};
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) EXPECT_FALSE(attempt(guard, start).is_blind);
  EXPECT_EQ(attempt(guard, start).wait, seconds(1)) << "the name that was typed says so";
  const auto account = guard.account_source;
  guard.typed = Entry{};  // another name
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) {
    const auto decision = attempt(guard, start);
    EXPECT_TRUE(decision.is_admitted() && decision.is_blind);
  }
  EXPECT_EQ(attempt(guard, start).wait, seconds(1)) << "as any name would";
  EXPECT_EQ(guard.account_source, account) << "what is not looked at does not lengthen the wait";
  guard.typed = Entry{};
  EXPECT_FALSE(attempt(guard, start + seconds(1)).is_blind);
}

TEST(Lockout, S20_parallel_guesses_get_no_more_than_the_free_ones) {
  Guard guard;
  int admitted = 0;
  for (int i = 0; i < 200; ++i) admitted += attempt(guard, start).is_admitted() ? 1 : 0;
  EXPECT_EQ(admitted, static_cast<int>(limits::attempts_free_per_account));
}

TEST(Lockout, S25_one_source_spraying_many_accounts_is_slowed_down) {
  Entry source;
  int admitted = 0;
  for (int account = 0; account < 200; ++account) {
    Guard guard{.account_source = {}, .source = source};
    admitted += attempt(guard, start).is_admitted() ? 1 : 0;
    source = guard.source;
  }
  EXPECT_EQ(admitted, static_cast<int>(limits::attempts_free_per_source));
}

TEST(Lockout, S22_another_source_of_the_same_account_does_not_wait) {
  Guard attacker;
  for (int i = 0; i < 1000; ++i) (void)attempt(attacker, start);
  Guard owner;  // the owner's address has entries of its own
  EXPECT_TRUE(attempt(owner, start).is_admitted());
}

TEST(Lockout, success_forgets_the_accounts_failures_and_not_those_of_the_source) {
  Guard guard;
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) (void)attempt(guard, start);
  EXPECT_FALSE(is_clean(guard));
  succeed(guard);
  EXPECT_TRUE(is_clean(guard));
  EXPECT_EQ(guard.account_source, Entry{});
  EXPECT_EQ(guard.source.failures, limits::attempts_free_per_account);
}

TEST(Lockout, S20_what_is_being_looked_at_counts_as_failed) {
  Guard guard;
  const auto free = limits::attempts_free_per_account;
  EXPECT_TRUE(decide(guard, {.account_source = free - 1, .source = free - 1, .typed = 0}, start).is_admitted());
  EXPECT_EQ(decide(guard, {.account_source = free, .source = free, .typed = 0}, start).wait, seconds(1));
  EXPECT_EQ(decide(guard, {.account_source = 0, .source = limits::attempts_free_per_source, .typed = 0}, start).wait, seconds(1));
  EXPECT_LE(decide(guard, {.account_source = 1'000'000'000, .source = 0, .typed = 0}, start).wait, delay_max);
  EXPECT_EQ(guard.account_source, Entry{}) << "and is not counted by being asked";
}

TEST(Lockout, time_forgives_failures_one_by_one) {
  Guard guard;
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) (void)attempt(guard, start);
  guard.account_source = at(guard.account_source, account_source_rule, start + hours(2) + minutes(30));
  EXPECT_EQ(guard.account_source.failures, limits::attempts_free_per_account - 2);
  EXPECT_EQ(at(guard.account_source, account_source_rule, start + hours(3)).failures,
            limits::attempts_free_per_account - 3);
  EXPECT_EQ(at(guard.account_source, account_source_rule, start + hours(24)), Entry{});
}

TEST(Lockout, S24_a_clock_set_back_restarts_the_wait_but_never_beyond_the_maximum) {
  Guard guard;
  for (int i = 0; i < 8; ++i) {
    const auto wait = attempt(guard, start).wait;
    guard.account_source.last_at -= wait, guard.source.last_at -= wait;
  }
  for (const auto back : {hours(1), hours(24), hours(24 * 365 * 10)}) {
    Guard stepped = guard;
    const auto now = start - back;
    const auto wait = attempt(stepped, now).wait;
    EXPECT_LE(wait, delay_max);
    EXPECT_TRUE(attempt(stepped, now + delay_max).is_admitted());
  }
}

TEST(Lockout, S24_a_clock_set_back_unlocks_nobody) {
  Guard guard;
  for (int i = 0; i < 100; ++i) (void)attempt(guard, start);
  EXPECT_FALSE(attempt(guard, start - hours(1)).is_admitted());
}

// A slow, obvious model: a list of failures, walked second by second.
class Model {
 public:
  explicit Model(Rule rule) : rule_(rule) {}
  void pass_second() {
    since_last_ += 1;
    if (failures_ > 0 && ++since_forgiven_ * 1000 == rule_.forgiven_after.count()) forgive();
  }
  [[nodiscard]] std::int64_t wait_s() const {
    std::int64_t delay = 0;
    if (failures_ >= static_cast<int>(rule_.free_failures)) delay = 1;
    for (int i = static_cast<int>(rule_.free_failures); i < failures_ && delay < delay_max_s(); ++i) delay *= 2;
    return std::max<std::int64_t>(0, std::min(delay, delay_max_s()) - since_last_);
  }
  void count() {
    if (failures_ == 0) since_forgiven_ = 0;
    failures_ = std::min(failures_ + 1, static_cast<int>(rule_.free_failures) + 12);
    since_last_ = 0;
  }
  void clear() { failures_ = 0; }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  [[nodiscard]] std::int64_t delay_max_s() const { return rule_.delay_max.count() / 1000; }
  void forgive() { --failures_, since_forgiven_ = 0; }
  Rule rule_;
  int failures_ = 0;
  std::int64_t since_last_ = 0, since_forgiven_ = 0;
};

struct World {
  Guard guard;
  Model account{account_source_rule}, source{source_rule};
  WallTime now = start;
  int in_flight = 0;

  void wait(int how_many_seconds) {
    now += seconds(how_many_seconds);
    for (int i = 0; i < how_many_seconds; ++i) account.pass_second(), source.pass_second();
  }
  void attempt() {
    auto account_now = account, source_now = source;
    for (int i = 0; i < in_flight; ++i) account_now.count(), source_now.count();
    const auto others = static_cast<std::uint32_t>(in_flight);
    const auto decision = decide(guard, {.account_source = others, .source = others, .typed = 0}, now);
    ASSERT_EQ(decision.wait, seconds(std::max(account_now.wait_s(), source_now.wait_s())));
    if (decision.is_admitted()) ++in_flight;
  }
  void finish(bool right) {
    if (in_flight == 0) return;
    --in_flight;
    if (right) {
      succeed(guard);
      account.clear();
    } else {
      fail(guard, now);
      account.count(), source.count();
    }
  }
  void drop() { in_flight = std::max(0, in_flight - 1); }
  void crash() { in_flight = 0; }  // what had no answer is forgotten; what was answered is stored
  void compare() const {
    EXPECT_EQ(at(guard.account_source, account_source_rule, now).failures,
              static_cast<std::uint32_t>(account.failures()));
    EXPECT_EQ(at(guard.source, source_rule, now).failures, static_cast<std::uint32_t>(source.failures()));
  }
};

TEST(Lockout, random_sequences_with_crashes_agree_with_a_model) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    World world;
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
      switch (random.below(10)) {
        case 0: world.wait(static_cast<int>(random.below(5000))); break;
        case 1: world.wait(static_cast<int>(random.below(100))); break;
        case 2: world.wait(1); break;
        case 3: world.finish(random.below(20) == 0); break;
        case 4: world.drop(); break;
        case 5: world.crash(); break;
        default: world.attempt(); break;
      }
      world.compare();
    }
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

TEST(Lockout, whatever_the_clock_does_nobody_waits_longer_than_the_maximum) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    Guard guard;
    auto now = start;
    for (int step = 0; step < 300; ++step) {
      const auto jump = seconds(static_cast<std::int64_t>(random.below(14'400)) - 7'200);
      if (random.below(4) == 0) now += jump;
      const auto decision = attempt(guard, now);
      ASSERT_LE(decision.wait, delay_max) << "seed " << seed;
      if (decision.is_admitted()) continue;
      Guard later = guard;
      ASSERT_TRUE(attempt(later, now + decision.wait).is_admitted()) << "seed " << seed;
    }
  }
}

TEST(Lockout, S19_a_patient_guesser_gets_few_tries_a_day) {
  Guard guard;
  auto now = start;
  int tries = 0;
  while (now < start + hours(24 * 30)) {
    const auto decision = attempt(guard, now);
    if (decision.is_admitted()) ++tries;
    now += std::max<Milliseconds>(decision.wait, Milliseconds{1});
  }
  EXPECT_LT(tries, 24 * 30 + 50);  // one an hour, and what was free at the start
}

}  // namespace
}  // namespace gatehouse::credential::lockout
