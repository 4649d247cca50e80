#include "resilience/rate_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse {
namespace {

class RateLimiterTest : public testing::Test {
 protected:
  RateLimiter make(RateLimit limit, std::size_t keys_max = 1024) { return {limit, keys_max, clock, random}; }
  ManualClock clock;
  SeededRandom random{7};
};

TEST_F(RateLimiterTest, allows_the_burst_then_one_permit_per_interval) {
  auto limiter = make({.permits = 10, .period = Milliseconds{60'000}});
  for (std::uint32_t i = 0; i < 10; ++i) {
    const auto admission = limiter.admit("ann");
    ASSERT_TRUE(admission.allowed);
    EXPECT_EQ(admission.limit, 10U);
    EXPECT_EQ(admission.remaining, 9 - i);
    EXPECT_EQ(admission.reset_ms, (i + 1) * 6'000);
  }
  const auto denied = limiter.admit("ann");
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.remaining, 0U);
  EXPECT_EQ(denied.retry_after_ms, 6'000U);
  EXPECT_TRUE(limiter.admit("bob").allowed);
  clock.advance(Milliseconds{5'999});
  EXPECT_FALSE(limiter.admit("ann").allowed);
  clock.advance(Milliseconds{1});
  EXPECT_TRUE(limiter.admit("ann").allowed);
  EXPECT_FALSE(limiter.admit("ann").allowed);
}

TEST_F(RateLimiterTest, an_allowed_retry_is_allowed_exactly_when_retry_after_has_passed) {
  auto limiter = make({.permits = 7, .period = Milliseconds{1000}, .burst = 3});
  for (int i = 0; i < 200; ++i) {
    const auto admission = limiter.admit("ann");
    if (!admission.allowed) {
      ASSERT_GT(admission.retry_after_ms, 0U);
      clock.advance(Milliseconds{admission.retry_after_ms});
      ASSERT_TRUE(limiter.admit("ann").allowed);
    }
  }
}

TEST_F(RateLimiterTest, S24_setting_the_wall_clock_neither_frees_nor_locks_anybody) {
  auto limiter = make({.permits = 2, .period = Milliseconds{60'000}});
  EXPECT_TRUE(limiter.admit("ann").allowed);
  clock.step_wall(-std::chrono::hours{1});
  EXPECT_TRUE(limiter.admit("ann").allowed);
  clock.step_wall(std::chrono::hours{2});
  EXPECT_FALSE(limiter.admit("ann").allowed);
}

TEST_F(RateLimiterTest, a_costly_request_takes_several_permits_or_none) {
  auto limiter = make({.permits = 10, .period = Milliseconds{10'000}});
  EXPECT_TRUE(limiter.admit("ann", 8).allowed);
  EXPECT_FALSE(limiter.admit("ann", 3).allowed);
  EXPECT_TRUE(limiter.admit("ann", 2).allowed);
  EXPECT_TRUE(limiter.admit("bob", 1'000'000).allowed);
  EXPECT_FALSE(limiter.admit("bob").allowed);
}

TEST_F(RateLimiterTest, peek_takes_nothing_and_forgive_gives_everything_back) {
  auto limiter = make({.permits = 2, .period = Milliseconds{60'000}});
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limiter.peek("ann").allowed);
  EXPECT_TRUE(limiter.admit("ann").allowed);
  EXPECT_TRUE(limiter.admit("ann").allowed);
  EXPECT_FALSE(limiter.peek("ann").allowed);
  limiter.forgive("ann");
  EXPECT_EQ(limiter.admit("ann").remaining, 1U);
}

TEST_F(RateLimiterTest, switched_off_it_allows_everything) {
  auto limiter = make({.permits = 1, .period = Milliseconds{60'000}, .enabled = false});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limiter.admit("ann").allowed);
}

TEST_F(RateLimiterTest, never_forgets_a_blocked_key_before_it_recovers_whatever_else_arrives) {
  auto limiter = make({.permits = 2, .period = Milliseconds{60'000}}, 64);
  std::vector<std::string> blocked;
  for (int i = 0; i < 20; ++i) {
    blocked.push_back("blocked" + std::to_string(i));
    while (limiter.admit(blocked.back()).allowed) {
    }
  }
  std::vector<std::string> held;  // those that have a cell of their own: all but the ones sharing
  for (const auto& key : blocked)
    if (!limiter.peek(key).allowed) held.push_back(key);
  ASSERT_EQ(held.size(), blocked.size());
  for (int i = 0; i < 20'000; ++i) (void)limiter.admit("stranger" + std::to_string(i));
  for (const auto& key : held) EXPECT_FALSE(limiter.admit(key).allowed) << key;
  clock.advance(Milliseconds{60'000});
  for (const auto& key : held) EXPECT_TRUE(limiter.admit(key).allowed) << key;
}

TEST_F(RateLimiterTest, a_flood_of_blocked_keys_makes_it_stricter_and_not_blind) {
  auto limiter = make({.permits = 1, .period = Milliseconds{60'000}}, 16);
  int allowed = 0;
  for (int i = 0; i < 1'000; ++i) allowed += limiter.admit("source" + std::to_string(i)).allowed;
  EXPECT_EQ(allowed, 17);  // sixteen cells and the shared one
  clock.advance(Milliseconds{60'000});
  EXPECT_TRUE(limiter.admit("somebody").allowed);
}

TEST_F(RateLimiterTest, never_allows_more_than_burst_plus_rate_over_any_window) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SeededRandom choices(seed);
    const RateLimit limit{.permits = 1 + static_cast<std::uint32_t>(choices.below(20)),
                          .period = Milliseconds{static_cast<std::int64_t>(100 + choices.below(5'000))},
                          .burst = 1 + static_cast<std::uint32_t>(choices.below(10))};
    auto limiter = make(limit);
    std::deque<SteadyTime> passed;
    for (int i = 0; i < 2'000; ++i) {
      clock.advance(Milliseconds{static_cast<std::int64_t>(choices.below(limit.period.count() / limit.permits + 2))});
      if (limiter.admit("ann").allowed) passed.push_back(clock.steady());
    }
    for (std::size_t first = 0; first < passed.size(); ++first) {
      const std::size_t last = std::min(passed.size() - 1, first + 40);
      const double window_ms = std::chrono::duration<double, std::milli>(passed[last] - passed[first]).count();
      const double most = limit.burst + window_ms * limit.permits / static_cast<double>(limit.period.count());
      ASSERT_LE(static_cast<double>(last - first + 1), most + 1e-6) << "seed " << seed;
    }
    ASSERT_GT(passed.size(), 100U);
  }
}

TEST_F(RateLimiterTest, S20_parallel_attempts_on_one_key_never_pass_the_limit) {
  auto limiter = make({.permits = 10, .period = Milliseconds{60'000}});
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) allowed += limiter.admit("victim").allowed;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 10);
}

TEST(Siphash, answers_the_vectors_of_the_paper) {
  SipKey key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};
  std::string input;
  EXPECT_EQ(siphash(key, input), 0x726fdb47dd0e0e31ULL);
  for (char c = 0; c < 15; ++c) input.push_back(c);
  EXPECT_EQ(siphash(key, input), 0xa129ca6149be45e5ULL);
}

}  // namespace
}  // namespace gatehouse
