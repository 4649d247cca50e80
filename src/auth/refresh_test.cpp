#include "auth/refresh.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <vector>

#include "base/random.h"

namespace gatehouse::auth::refresh {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr WallTime start{Milliseconds{1'700'000'000'000}};
constexpr Milliseconds window{10'000};

// Token n of a family, as the digest it is compared by; sealing is stood in for by the number itself.
Digest token(std::int64_t n) {
  Digest digest{};
  std::memcpy(digest.data(), &n, sizeof n);
  digest[31] = 1;
  return digest;
}
Successor successor(std::int64_t n) { return {token(n), std::to_string(n)}; }
Family fresh() { return {.current = token(0), .expires_at = start + days(30)}; }

Family after_rotations(int count, WallTime now) {
  auto family = fresh();
  for (int i = 1; i <= count; ++i) family = rotated(std::move(family), successor(i), now);
  return family;
}

TEST(RefreshToken, the_current_token_rotates) {
  EXPECT_EQ(decide(fresh(), token(0), start, window), Step::rotate);
  EXPECT_EQ(decide(after_rotations(3, start), token(3), start + hours(5), window), Step::rotate);
}

TEST(RefreshToken, S31_the_immediate_predecessor_gets_the_same_successor_within_the_window) {
  const auto family = after_rotations(1, start);
  EXPECT_EQ(decide(family, token(0), start + window, window), Step::replay);
  EXPECT_EQ(family.sealed_successor, "1");
}

TEST(RefreshToken, S30_the_predecessor_reused_outside_the_window_revokes_its_family) {
  EXPECT_EQ(decide(after_rotations(1, start), token(0), start + window + Milliseconds{1}, window), Step::revoke);
}

TEST(RefreshToken, S31_an_older_token_revokes_its_family_even_within_the_window) {
  const auto family = after_rotations(2, start);
  EXPECT_EQ(decide(family, token(0), start, window), Step::revoke);
  EXPECT_EQ(decide(family, token(1), start, window), Step::replay);
}

TEST(RefreshToken, S32_rotations_within_one_millisecond_are_told_apart) {
  const auto family = after_rotations(10, start);
  for (int old = 0; old <= 8; ++old) EXPECT_EQ(decide(family, token(old), start, window), Step::revoke) << old;
  EXPECT_EQ(decide(family, token(9), start, window), Step::replay);
  EXPECT_EQ(family.generation, 10);
}

TEST(RefreshToken, a_family_that_never_rotated_has_no_predecessor) {
  EXPECT_EQ(decide(fresh(), Digest{}, start, window), Step::revoke);
}

TEST(RefreshToken, S36_rotation_does_not_move_the_absolute_end_of_a_session) {
  auto family = fresh();
  auto now = start;
  std::int64_t generation = 0;
  while (decide(family, token(generation), now, window) == Step::rotate) {
    family = rotated(std::move(family), successor(++generation), now);
    now += minutes(10);
  }
  EXPECT_EQ(now, start + days(30));
  EXPECT_EQ(decide(family, token(generation), now, window), Step::refuse);
}

TEST(RefreshToken, a_clock_set_back_or_forward_an_hour_never_widens_the_replay_window) {
  const auto family = after_rotations(1, start);
  EXPECT_EQ(decide(family, token(0), start - hours(1), window), Step::revoke);
  EXPECT_EQ(decide(family, token(0), start + hours(1), window), Step::revoke);
  EXPECT_EQ(decide(family, token(1), start - hours(1), window), Step::rotate);
}

TEST(RefreshToken, a_clock_that_slews_back_a_little_does_not_log_anybody_out) {
  EXPECT_EQ(decide(after_rotations(1, start), token(0), start - Milliseconds{300}, window), Step::replay);
}

// The model knows generations by number and says what must happen; the world plays clients that lose answers, race,
// and steal, servers that crash before or after the commit, and clocks that step.
struct World {
  Family family = fresh();
  bool is_revoked = false;
  std::int64_t generation = 0;
  WallTime now = start, rotated_at = start;
  std::vector<std::int64_t> held{0};  // token numbers that somebody has

  [[nodiscard]] Step expected(std::int64_t number) const {
    if (now >= start + days(30)) return Step::refuse;
    if (number == generation) return Step::rotate;
    const auto elapsed = now > rotated_at ? now - rotated_at : rotated_at - now;
    return number == generation - 1 && elapsed <= window ? Step::replay : Step::revoke;
  }
  void present(std::int64_t number, bool crash_before_commit, bool answer_is_lost) {
    const auto step = decide(family, token(number), now, window);
    ASSERT_EQ(step, expected(number)) << "token " << number << " of generation " << generation;
    if (crash_before_commit) return;
    if (step == Step::rotate) {
      family = rotated(std::move(family), successor(++generation), now);
      rotated_at = now;
    }
    if (step == Step::revoke) is_revoked = true;
    if (step == Step::replay) {
      EXPECT_EQ(family.sealed_successor, std::to_string(generation));
    }
    if ((step == Step::rotate || step == Step::replay) && !answer_is_lost) held.push_back(generation);
  }
};

TEST(RefreshToken, S29_random_sequences_with_crashes_races_and_clock_steps_agree_with_a_model) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SeededRandom random(seed);
    World world;
    for (int step = 0; step < 100 && !world.is_revoked && !testing::Test::HasFatalFailure(); ++step) {
      const auto kind = random.below(20);
      if (kind == 0) world.now += hours(1);
      if (kind == 1) world.now -= hours(1);
      if (kind == 2) world.now += days(random.below(4));
      if (kind >= 3 && kind <= 6) world.now += Milliseconds{static_cast<std::int64_t>(random.below(15'000))};
      const auto newest = world.held.back();
      const auto any = world.held[random.below(world.held.size())];
      const auto number = random.below(8) == 0 ? any : newest;
      const auto copies = random.below(6) == 0 ? 3 : 1;  // the same token from several tabs at once
      for (int i = 0; i < copies && !world.is_revoked; ++i)
        world.present(number, random.below(10) == 0, random.below(10) == 0);
      EXPECT_EQ(world.family.generation, world.generation);
    }
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace gatehouse::auth::refresh
