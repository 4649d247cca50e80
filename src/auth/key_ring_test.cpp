#include "auth/key_ring.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/limits.h"
#include "base/random.h"

namespace gatehouse::auth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime start{Milliseconds{1'700'000'000'000}};
constexpr Milliseconds lifetime = minutes(5);

StoredKey key(std::string kid, KeyState state, WallTime created_at = start) {
  return {.kid = std::move(kid), .alg = "ES256", .state = state, .created_at = created_at};
}

KeyRing first() { return {.keys = {key("a", KeyState::current), key("b", KeyState::next)}, .generation = 1}; }

TEST(KeyRing, S56_a_rotation_promotes_the_key_that_has_been_published_already) {
  const auto ring = rotated(first(), key("c", KeyState::next, start + days(1)), start + days(1));
  EXPECT_EQ(ring.find(KeyState::current)->kid, "b");
  EXPECT_EQ(ring.find(KeyState::next)->kid, "c");
  EXPECT_EQ(ring.find(KeyState::retired)->kid, "a");
  EXPECT_EQ(ring.find(KeyState::retired)->retired_at, start + days(1));
  EXPECT_EQ(ring.generation, 2);
}

TEST(KeyRing, without_a_next_key_the_fresh_one_signs_at_once) {
  KeyRing ring{.keys = {key("a", KeyState::current)}, .generation = 1};
  ring = rotated(std::move(ring), key("c", KeyState::next), start);
  EXPECT_EQ(ring.find(KeyState::current)->kid, "c");
}

TEST(KeyRing, S56_a_retired_key_stays_published_until_its_last_token_has_expired) {
  auto retired = key("a", KeyState::retired);
  retired.retired_at = start;
  EXPECT_TRUE(is_published(retired, lifetime, start + lifetime + seconds(limits::clock_skew_s)));
  EXPECT_TRUE(is_published(retired, lifetime, start + hours(1)));  // a clock may have been set back an hour
  EXPECT_FALSE(is_published(retired, lifetime, start + hours(2)));
  EXPECT_TRUE(is_published(key("b", KeyState::current), lifetime, start + days(3650)));
}

TEST(KeyRing, the_next_rotation_is_due_an_interval_after_the_latest) {
  EXPECT_EQ(rotation_due_at(first(), days(30)), start + days(30));
  const auto ring = rotated(first(), key("c", KeyState::next, start + days(7)), start + days(7));
  EXPECT_EQ(rotation_due_at(ring, days(30)), start + days(37));
}

TEST(KeyRing, through_any_rotations_one_key_signs_and_every_signature_in_use_has_its_key_published) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SeededRandom random(seed);
    auto ring = first();
    auto now = start;
    std::vector<std::pair<std::string, WallTime>> tokens;  // kid, issued at
    for (int step = 0; step < 100; ++step) {
      now += seconds(static_cast<std::int64_t>(random.below(200)));
      if (random.below(3) == 0) {
        const auto next = ring.find(KeyState::next)->kid;
        ring = rotated(std::move(ring), key(std::to_string(step), KeyState::next, now), now);
        ASSERT_EQ(ring.find(KeyState::current)->kid, next);
      }
      ASSERT_EQ(std::ranges::count(ring.keys, KeyState::current, &StoredKey::state), 1);
      ASSERT_EQ(std::ranges::count(ring.keys, KeyState::next, &StoredKey::state), 1);
      tokens.emplace_back(ring.find(KeyState::current)->kid, now);
      for (const auto& [kid, issued_at] : tokens) {
        if (now >= issued_at + lifetime + seconds(limits::clock_skew_s)) continue;
        const auto signer = std::ranges::find(ring.keys, kid, &StoredKey::kid);
        ASSERT_NE(signer, ring.keys.end());
        ASSERT_TRUE(is_published(*signer, lifetime, now)) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace gatehouse::auth
