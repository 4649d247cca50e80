#include "identity/challenge.h"

#include <gtest/gtest.h>

namespace gatehouse::identity {
namespace {

Digest digest_of(std::uint8_t what) {
  Digest digest{};
  digest[0] = what;
  return digest;
}
const Digest right = digest_of(1), wrong = digest_of(2), address = digest_of(3);
const UserId ann{Uuid{{1}}}, bob{Uuid{{2}}};
constexpr WallTime start{Milliseconds{1'700'000'000'000}};
constexpr Milliseconds minute{60'000};

Challenge fresh(Purpose purpose = Purpose::verify) {
  Challenge challenge = make_challenge(ChallengeId{Uuid{{9}}}, purpose, start);
  challenge.address_hash = address;
  challenge.code_hash = right;
  return challenge;
}

TEST(Challenge, the_right_code_solves_it_once) {
  Challenge challenge = fresh();
  EXPECT_EQ(try_code(challenge, right, start), Verdict::right);
  EXPECT_TRUE(challenge.solved_at.has_value());
  EXPECT_EQ(try_code(challenge, wrong, start), Verdict::used);
}

TEST(Challenge, the_right_code_again_is_right_until_the_proof_is_redeemed_or_expires) {
  Challenge challenge = fresh();
  ASSERT_EQ(try_code(challenge, right, start), Verdict::right);
  const auto expires_at = challenge.expires_at;
  EXPECT_EQ(try_code(challenge, right, start + minute), Verdict::right);
  EXPECT_EQ(challenge.solved_at, start);
  EXPECT_EQ(challenge.expires_at, expires_at) << "and lives no longer for it";
  Challenge late = challenge;
  EXPECT_EQ(try_code(late, right, expires_at), Verdict::used);
  ASSERT_TRUE(redeem(challenge, address, ann, start + minute));
  EXPECT_EQ(try_code(challenge, right, start + minute), Verdict::used);
}

TEST(Challenge, S85_the_sixth_guess_fails_even_with_the_right_code) {
  Challenge challenge = fresh();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(try_code(challenge, wrong, start), Verdict::wrong);
  EXPECT_EQ(try_code(challenge, right, start), Verdict::exhausted);
}

TEST(Challenge, S85_the_fifth_guess_may_still_be_right) {
  Challenge challenge = fresh();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(try_code(challenge, wrong, start), Verdict::wrong);
  EXPECT_EQ(try_code(challenge, right, start), Verdict::right);
}

TEST(Challenge, S85_a_code_lives_ten_minutes) {
  Challenge challenge = fresh();
  EXPECT_EQ(try_code(challenge, wrong, start + minute * 10 - Milliseconds{1}), Verdict::wrong);
  EXPECT_EQ(try_code(challenge, right, start + minute * 10), Verdict::expired);
}

TEST(Challenge, S85_a_clock_set_back_does_not_lengthen_its_life) {
  Challenge challenge = fresh();
  EXPECT_EQ(try_code(challenge, right, start - std::chrono::hours{1}), Verdict::expired);
  EXPECT_EQ(challenge.tries, 0U);
  EXPECT_EQ(try_code(challenge, right, start - Milliseconds{500}), Verdict::right);  // clocks wobble
}

TEST(Challenge, the_proof_holds_ten_minutes_from_the_solving) {
  Challenge challenge = fresh();
  ASSERT_EQ(try_code(challenge, right, start + minute * 9), Verdict::right);
  Challenge late = challenge;
  EXPECT_TRUE(redeem(challenge, address, ann, start + minute * 18));
  EXPECT_FALSE(redeem(late, address, ann, start + minute * 19));
}

TEST(Challenge, S85_a_proof_is_used_once) {
  Challenge challenge = fresh();
  ASSERT_EQ(try_code(challenge, right, start), Verdict::right);
  EXPECT_TRUE(redeem(challenge, address, ann, start));
  EXPECT_FALSE(redeem(challenge, address, ann, start));
}

TEST(Challenge, S85_a_proof_is_of_one_address_and_for_whoever_asked_for_it) {
  Challenge challenge = fresh();
  challenge.created_by = ann;
  ASSERT_EQ(try_code(challenge, right, start), Verdict::right);
  EXPECT_FALSE(redeem(challenge, digest_of(4), ann, start));
  EXPECT_FALSE(redeem(challenge, address, bob, start));
  EXPECT_TRUE(redeem(challenge, address, ann, start));
}

TEST(Challenge, S87_an_unsolved_challenge_proves_nothing) {
  Challenge challenge = fresh();
  EXPECT_FALSE(redeem(challenge, address, ann, start));
}

TEST(Challenge, S85_a_recovery_code_proves_no_address) {
  Challenge challenge = fresh(Purpose::recover);
  challenge.owner = ann;
  ASSERT_EQ(try_code(challenge, right, start), Verdict::right);
  EXPECT_FALSE(redeem(challenge, address, ann, start));
  EXPECT_EQ(try_code(challenge, right, start), Verdict::used);
}

TEST(Challenge, codes_are_eight_digits_with_leading_zeros) {
  SeededRandom random(5);
  std::size_t with_zero = 0;
  for (int i = 0; i < 500; ++i) {
    const auto code = make_code(random);
    ASSERT_EQ(code.reveal().size(), 8U);
    ASSERT_EQ(code.reveal().find_first_not_of("0123456789"), std::string::npos);
    with_zero += code.reveal()[0] == '0';
  }
  EXPECT_GT(with_zero, 20U);
  EXPECT_LT(with_zero, 90U);
}

// A challenge in a store that may crash, and what an outsider sees of it, written down independently of the machine.
struct Walk {
  explicit Walk(std::uint64_t seed)
      : random(seed), recovers(random.below(2) == 0), stored(fresh(recovers ? Purpose::recover : Purpose::verify)) {}

  SeededRandom random;
  bool recovers;
  Challenge stored;
  WallTime now = start;
  int answers = 0;  // guesses that were compared and whose verdict was told
  int rights = 0;
  int redeemed = 0;
  std::optional<WallTime> last_right;

  // One transaction: a crash stores nothing and tells nothing.
  template <class Operation>
  auto transact(Operation operation) -> std::optional<decltype(operation(stored))> {
    Challenge working = stored;
    auto result = operation(working);
    if (random.below(8) == 0) return std::nullopt;
    stored = working;
    return result;
  }

  void try_to_redeem() {
    const auto used = transact([this](Challenge& challenge) { return redeem(challenge, address, ann, now); });
    if (!used || !*used) return;
    ++redeemed;
    ASSERT_FALSE(recovers);
    ASSERT_EQ(rights, 1);
    ASSERT_LT(now - *last_right, minute * 10);
  }

  void guess() {
    const bool guesses_right = random.below(6) == 0;
    const auto verdict =
        transact([&](Challenge& challenge) { return try_code(challenge, guesses_right ? right : wrong, now); });
    if (!verdict) return;
    if (*verdict == Verdict::right && rights == 1) {  // once more
      ASSERT_TRUE(guesses_right && !recovers && redeemed == 0);
      ASSERT_LT(now - *last_right, minute * 10);
      return;
    }
    if (*verdict == Verdict::right || *verdict == Verdict::wrong) {
      ++answers;
      ASSERT_EQ(*verdict == Verdict::right, guesses_right);
      ASSERT_LT(now, start + minute * 10);
      ASSERT_GE(now, start - minute);
    }
    if (*verdict == Verdict::right) ++rights, last_right = now;
    if (*verdict == Verdict::exhausted) {
      ASSERT_EQ(answers, 5);
    }
    if (*verdict == Verdict::used) {
      ASSERT_EQ(rights, 1);
    }
  }

  void step() {
    switch (random.below(5)) {
      case 0: now += Milliseconds{static_cast<std::int64_t>(random.below(4 * 60'000))}; break;
      case 1: now += Milliseconds{static_cast<std::int64_t>(random.below(7'200'000)) - 3'600'000}; break;
      case 2: try_to_redeem(); break;
      default: guess();
    }
    ASSERT_LE(answers, 5);
    ASSERT_LE(rights, 1);
    ASSERT_LE(redeemed, 1);
  }
};

TEST(Challenge, keeps_its_promises_under_random_guesses_clock_steps_and_crashes) {
  int solved = 0, exhausted = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE(seed);
    Walk walk(seed);
    for (int i = 0; i < 60; ++i) ASSERT_NO_FATAL_FAILURE(walk.step());
    solved += walk.rights;
    exhausted += walk.answers == 5;
  }
  EXPECT_GT(solved, 100);  // the walk goes everywhere
  EXPECT_GT(exhausted, 50);
}

}  // namespace
}  // namespace gatehouse::identity
