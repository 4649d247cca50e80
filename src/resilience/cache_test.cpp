#include "resilience/cache.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "base/random.h"

namespace gatehouse {
namespace {

using Names = Cache<std::string, int, StringHash>;

bool fill(Names& cache, const std::string& key, int value) { return cache.put(cache.begin_fill(key), key, value); }

TEST(Cache, finds_by_a_view_what_was_put_under_a_string) {
  const ManualClock clock;
  Names cache(8, std::chrono::hours{1}, clock);
  ASSERT_TRUE(fill(cache, "ann", 1));
  const std::string_view key = "ann";
  ASSERT_NE(cache.find(key), nullptr);
  EXPECT_EQ(*cache.find(key), 1);
  EXPECT_EQ(cache.find("bob"), nullptr);
}

TEST(Cache, a_fill_that_raced_an_invalidation_does_not_bring_the_old_value_back) {
  const ManualClock clock;
  Names cache(8, std::chrono::hours{1}, clock);
  const auto ticket = cache.begin_fill("ann");  // reads the old value …
  cache.invalidate(std::string_view("ann"));    // … while it is changed
  EXPECT_FALSE(cache.put(ticket, "ann", 1));
  EXPECT_EQ(cache.find("ann"), nullptr);
  EXPECT_TRUE(fill(cache, "ann", 2));
  EXPECT_EQ(*cache.find("ann"), 2);
  EXPECT_EQ(cache.stats().refused_fills, 1U);
}

TEST(Cache, clear_refuses_every_fill_under_way) {
  const ManualClock clock;
  Names cache(8, std::chrono::hours{1}, clock);
  ASSERT_TRUE(fill(cache, "bob", 1));
  const auto ticket = cache.begin_fill("ann");
  cache.clear();
  EXPECT_FALSE(cache.put(ticket, "ann", 1));
  EXPECT_EQ(cache.find("bob"), nullptr);
  EXPECT_EQ(cache.size(), 0U);
}

TEST(Cache, a_ticket_serves_its_own_key_only) {
  const ManualClock clock;
  Names cache(8, std::chrono::hours{1}, clock);
  EXPECT_FALSE(cache.put(cache.begin_fill("ann"), "bob", 1));
}

TEST(Cache, a_ticket_for_any_key_is_refused_after_any_invalidation) {
  const ManualClock clock;
  Names cache(8, std::chrono::hours{1}, clock);
  EXPECT_TRUE(cache.put(cache.begin_fill_any(), "ann", 1));
  const auto ticket = cache.begin_fill_any();
  cache.invalidate("bob");
  EXPECT_FALSE(cache.put(ticket, "ann", 2));
  EXPECT_EQ(*cache.find("ann"), 1);
}

TEST(Cache, forgets_after_its_lifetime_in_steady_time) {
  ManualClock clock;
  Names cache(8, Milliseconds{1000}, clock);
  ASSERT_TRUE(fill(cache, "ann", 1));
  clock.step_wall(std::chrono::hours{5});
  EXPECT_NE(cache.find("ann"), nullptr);
  clock.advance(Milliseconds{999});
  EXPECT_NE(cache.find("ann"), nullptr);
  clock.advance(Milliseconds{1});
  EXPECT_EQ(cache.find("ann"), nullptr);
  ASSERT_TRUE(fill(cache, "ann", 2));
  EXPECT_EQ(*cache.find("ann"), 2);
}

TEST(Cache, a_scan_of_strangers_does_not_push_out_what_is_in_use) {
  const ManualClock clock;
  Names cache(100, std::chrono::hours{1}, clock);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(fill(cache, "hot" + std::to_string(i), i));
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 50; ++i) ASSERT_NE(cache.find("hot" + std::to_string(i)), nullptr);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(fill(cache, "cold" + std::to_string(i), i));
  int kept = 0;
  for (int i = 0; i < 50; ++i) kept += cache.find("hot" + std::to_string(i)) != nullptr;
  EXPECT_EQ(kept, 50);
  EXPECT_LE(cache.size(), 100U);
}

TEST(Cache, a_key_that_comes_back_after_its_eviction_outlives_the_next_scan) {
  const ManualClock clock;
  Names cache(20, std::chrono::hours{1}, clock);
  for (int i = 0; i < 21; ++i) ASSERT_TRUE(fill(cache, "first" + std::to_string(i), i));
  ASSERT_EQ(cache.find("first0"), nullptr);
  ASSERT_TRUE(fill(cache, "first0", 0));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(fill(cache, "scan" + std::to_string(i), i));
  EXPECT_NE(cache.find("first0"), nullptr);
}

TEST(Cache, behaves_like_a_map_that_may_forget_but_never_answers_with_an_old_value) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    ManualClock clock;
    Names cache(1 + random.below(40), Milliseconds{5000}, clock);
    std::map<std::string, int> store;                            // the truth
    std::map<std::string, std::pair<Names::Ticket, int>> fills;  // under way: ticket and the value read
    for (int step = 0; step < 5'000; ++step) {
      const std::string key = std::to_string(random.below(60));
      switch (random.below(6)) {
        case 0: store[key] = step, cache.invalidate(key); break;
        case 1: fills.insert_or_assign(key, std::pair{cache.begin_fill(key), store[key]}); break;
        case 2:
          if (const auto fill_of = fills.find(key); fill_of != fills.end()) {
            cache.put(fill_of->second.first, key, fill_of->second.second);
            fills.erase(fill_of);
          }
          break;
        case 3: clock.advance(Milliseconds{static_cast<std::int64_t>(random.below(100))}); break;
        default:
          if (const int* value = cache.find(key)) {
            ASSERT_EQ(*value, store[key]) << "seed " << seed;
          }
      }
    }
  }
}

TEST(Cache, frees_the_values_it_evicts) {
  const ManualClock clock;
  Cache<int, std::shared_ptr<int>> cache(4, std::chrono::hours{1}, clock);
  const auto value = std::make_shared<int>(7);
  for (int i = 0; i < 100; ++i) cache.put(cache.begin_fill(i), i, value);
  EXPECT_LE(value.use_count(), 5);
  cache.clear();
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace gatehouse
