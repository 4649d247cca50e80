#include "auth/store_contract.h"

#include <algorithm>
#include <set>

namespace gatehouse::auth {
namespace {

using refresh::Step;
using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_P(StoreContract, the_moment_all_sessions_ended_survives_a_restart_and_goes_with_what_is_over) {
  auto begun = request();
  (void)revoke({.user_id = "user-1", .only = {}, .except = {}, .reason = reason::disabled});
  place_->restart();
  const auto refused = wait<OpenedSession>(store().open_session(Call(), begun, moment(now_)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "invalid_credentials");
  open(request("user-2"));
  const auto later = now_ + std::chrono::minutes{2};
  EXPECT_EQ(wait<Store::Removed>(store().remove_expired(Call(), later, later, 100))->rows, 1U);
  EXPECT_TRUE(wait<OpenedSession>(store().open_session(Call(), begun, moment(now_))));
}

TEST_P(StoreContract, a_session_is_listed_as_it_was_opened) {
  const auto opened = open(request());
  const auto sessions = list();
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].id, opened.session.id);
  EXPECT_EQ(sessions[0].user_agent, "agent");
  EXPECT_EQ(sessions[0].source, "192.0.2.1");
  EXPECT_EQ(sessions[0].created_at, now_);
  EXPECT_EQ(sessions[0].expires_at, now_ + days(30));
  EXPECT_TRUE(list("user-2").empty());
  EXPECT_EQ(event_types(), std::vector<std::string>{"session.created.v1"});
}

TEST_P(StoreContract, S29_the_current_token_rotates_once_and_then_replays) {
  const auto id = open(request()).session.id;
  const auto first = rotate(id, 0, 1);
  EXPECT_EQ(first.step, Step::rotate);
  EXPECT_EQ(first.user_id, "user-1");
  EXPECT_EQ(first.expires_at, now_ + days(30));
  const auto again = rotate(id, 0, 2);  // another successor was offered; the first one stands
  EXPECT_EQ(again.step, Step::replay);
  EXPECT_EQ(again.sealed_successor, "sealed 1");
  EXPECT_EQ(rotate(id, 1, 3).step, Step::rotate);
}

TEST_P(StoreContract, S29_parallel_presentations_of_one_token_make_one_generation) {
  const auto id = open(request()).session.id;
  std::vector<std::future<Result<RotationOutcome>>> racing;
  for (int i = 1; i <= 100; ++i)
    racing.push_back(begin<RotationOutcome>(store().rotate(Call(), rotation(id, 0, i), moment(now_))));
  int rotations = 0;
  std::set<std::string> successors;
  for (auto& one : racing) {
    const auto outcome = one.get();
    ASSERT_TRUE(outcome);
    if (outcome->step == Step::rotate) ++rotations;
    if (outcome->step == Step::replay) successors.insert(outcome->sealed_successor);
  }
  EXPECT_EQ(rotations, 1);
  EXPECT_EQ(successors.size(), 1U);
}

TEST_P(StoreContract, S30_reuse_ends_the_session_durably_and_says_so) {
  const auto id = open(request()).session.id;
  (void)rotate(id, 0, 1);
  now_ += minutes(1);
  (void)rotate(id, 1, 2);
  const auto reused = rotate(id, 0, 3);
  EXPECT_EQ(reused.step, Step::revoke);
  EXPECT_EQ(reused.revoked_until, now_ + minutes(5) + seconds(limits::clock_skew_s));
  place_->restart();  // S-33
  EXPECT_EQ(rotate(id, 2, 4).step, Step::refuse);
  EXPECT_TRUE(list().empty());
  const auto events = wait<std::vector<events::Event>>(place_->events()).value();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[1].event_type, "session.revoked.v1");
  EXPECT_NE(events[1].data.find("reuse_detected"), std::string::npos);
  EXPECT_EQ(events[1].subject, "user-1");
}

TEST_P(StoreContract, S33_rotation_survives_a_restart) {
  const auto id = open(request()).session.id;
  (void)rotate(id, 0, 1);
  place_->restart();
  EXPECT_EQ(rotate(id, 0, 2).sealed_successor, "sealed 1");
  EXPECT_EQ(rotate(id, 1, 2).step, Step::rotate);
}

TEST_P(StoreContract, an_unknown_session_is_refused) {
  EXPECT_EQ(rotate({Uuid::make_v7(now_, random_)}, 0, 1).step, Step::refuse);
}

TEST_P(StoreContract, S36_an_expired_session_neither_rotates_nor_shows) {
  const auto id = open(request()).session.id;
  now_ += days(30);
  EXPECT_EQ(rotate(id, 0, 1).step, Step::refuse);
  EXPECT_TRUE(list().empty());
}

TEST_P(StoreContract, S37_a_revocation_is_known_until_no_clock_set_back_revives_its_last_access_token) {
  const auto id = open(request()).session.id;
  now_ += minutes(3);
  (void)rotate(id, 0, 1);
  const auto until = now_ + minutes(5) + seconds(limits::clock_skew_s);
  const auto ended = revoke({.user_id = "user-1", .only = id, .except = {}, .reason = reason::logout});
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].session, id);
  EXPECT_EQ(ended[0].until, until);
  place_->restart();
  constexpr Milliseconds step{limits::clock_step_ms};
  EXPECT_EQ(wait<std::vector<Revocation>>(store().list_revocations(Call(), until + step - seconds(1))).value().size(), 1U);
  EXPECT_TRUE(wait<std::vector<Revocation>>(store().list_revocations(Call(), until + step)).value().empty());
}

TEST_P(StoreContract, S92_a_session_of_somebody_else_cannot_be_revoked) {
  const auto id = open(request()).session.id;
  EXPECT_TRUE(revoke({.user_id = "user-2", .only = id, .except = {}, .reason = reason::user}).empty());
  EXPECT_EQ(list().size(), 1U);
}

TEST_P(StoreContract, S37_all_sessions_but_one_end_each_with_its_event) {
  const auto kept = open(request()).session.id;
  for (int i = 0; i < 3; ++i) (void)open(request());
  (void)open(request("user-2"));
  EXPECT_EQ(revoke({.user_id = "user-1", .only = {}, .except = kept, .reason = reason::password_changed}).size(), 3U);
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].id, kept);
  EXPECT_EQ(list("user-2").size(), 1U);
  const auto types = event_types();
  EXPECT_EQ(std::ranges::count(types, "session.revoked.v1"), 3);
}

TEST_P(StoreContract, S41_the_cap_holds_under_parallel_openings_and_ends_the_oldest) {
  const auto oldest = open(request()).session.id;
  now_ += Milliseconds{1};  // sessions of one millisecond have no order among themselves
  std::vector<std::future<Result<OpenedSession>>> racing;
  for (int i = 0; i < 50; ++i) {
    auto asked = request();
    asked.sessions_max = 5;
    racing.push_back(begin<OpenedSession>(store().open_session(Call(), std::move(asked), moment(now_))));
  }
  std::size_t ended = 0;
  for (auto& one : racing) ended += one.get()->ended.size();
  EXPECT_EQ(ended, 46U);
  const auto left = list();
  EXPECT_EQ(left.size(), 5U);
  EXPECT_TRUE(std::ranges::none_of(left, [&](const Session& session) { return session.id == oldest; }));
}

TEST_P(StoreContract, S41_a_clock_set_back_does_not_end_the_session_just_opened) {
  auto asked = request();
  asked.sessions_max = 1;
  (void)open(asked);
  now_ -= hours(1);
  auto newer = request();
  newer.sessions_max = 1;
  const auto opened = open(newer);
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].id, opened.session.id);
}

TEST_P(StoreContract, an_idempotency_key_resumes_its_session_while_the_first_token_is_unused) {
  auto asked = request();
  asked.has_idempotency_key = true;
  asked.idempotency_key = digest(900);
  const auto first = open(asked);
  auto retry = request();
  retry.has_idempotency_key = true;
  retry.idempotency_key = digest(900);
  const auto second = open(retry);
  EXPECT_TRUE(second.is_resumed);
  EXPECT_EQ(second.session.id, first.session.id);
  EXPECT_EQ(list().size(), 1U);
  EXPECT_EQ(event_types().size(), 1U);
  (void)rotate(first.session.id, 0, 1);
  EXPECT_FALSE(open(retry).is_resumed);
  EXPECT_EQ(list().size(), 2U);
}

TEST_P(StoreContract, an_idempotency_key_is_one_users_for_a_day) {
  auto asked = request();
  asked.has_idempotency_key = true;
  asked.idempotency_key = digest(901);
  (void)open(asked);
  auto other = request("user-2");
  other.has_idempotency_key = true;
  other.idempotency_key = digest(901);
  EXPECT_FALSE(open(other).is_resumed);
  now_ += hours(24);
  auto late = request();
  late.has_idempotency_key = true;
  late.idempotency_key = digest(901);
  EXPECT_FALSE(open(late).is_resumed);
}

TEST_P(StoreContract, S34_after_a_logout_has_been_acknowledged_no_rotation_works) {
  for (int round = 0; round < 100; ++round) {
    const auto id = open(request()).session.id;
    auto refreshing = begin<RotationOutcome>(store().rotate(Call(), rotation(id, 0, 1), moment(now_)));
    auto leaving = begin<std::vector<Revocation>>(store().revoke(
        Call(), {.user_id = "user-1", .only = id, .except = {}, .reason = reason::logout}, moment(now_)));
    ASSERT_EQ(leaving.get()->size(), 1U);
    (void)refreshing.get();
    ASSERT_EQ(rotate(id, 0, 2).step, Step::refuse);
    ASSERT_EQ(rotate(id, 1, 2).step, Step::refuse);
  }
}

TEST_P(StoreContract, pages_are_cut_newest_first) {
  std::vector<SessionId> opened;
  for (int i = 0; i < 5; ++i) {
    now_ += seconds(1);
    opened.push_back(open(request()).session.id);
  }
  const auto page = wait<std::vector<Session>>(store().list_sessions(Call(), "user-1", opened[3], 2, now_)).value();
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id, opened[2]);
  EXPECT_EQ(page[1].id, opened[1]);
}

TEST_P(StoreContract, what_is_over_is_removed_in_bounded_batches) {
  for (int i = 0; i < 7; ++i) (void)open(request());
  (void)revoke({.user_id = "user-1", .only = list()[0].id, .except = {}, .reason = reason::user});
  const auto after = now_ + days(31);
  const auto first = wait<Store::Removed>(store().remove_expired(Call(), after, after, 4)).value();
  EXPECT_EQ(first.rows, 4U);
  EXPECT_EQ(list().size(), 2U);
  EXPECT_EQ(wait<Store::Removed>(store().remove_expired(Call(), after, after, 4)).value().rows, 2U);
  EXPECT_TRUE(list().empty());
  EXPECT_TRUE(wait<std::vector<Revocation>>(store().list_revocations(Call(), now_)).value().empty());
}

StoredKey key(const std::string& kid, KeyState state) {
  return {.kid = kid, .alg = "ES256", .state = state, .sealed = "sealed", .jwk = "{}", .created_at = WallTime{}};
}

TEST_P(StoreContract, the_first_keys_are_made_once) {
  EXPECT_TRUE(wait<KeyRing>(store().load_keys(Call())).value().keys.empty());
  const auto first =
      wait<KeyRing>(store().add_first_keys(Call(), key("a", KeyState::current), key("b", KeyState::next)));
  EXPECT_EQ(first->keys.size(), 2U);
  const auto second =
      wait<KeyRing>(store().add_first_keys(Call(), key("c", KeyState::current), key("d", KeyState::next)));
  ASSERT_EQ(second->keys.size(), 2U);
  EXPECT_EQ(second->find(KeyState::current)->kid, "a");
  EXPECT_EQ(second->generation, first->generation);
}

TEST_P(StoreContract, keys_of_one_millisecond_are_listed_in_the_order_of_their_lives) {
  (void)wait<KeyRing>(store().add_first_keys(Call(), key("z", KeyState::current), key("y", KeyState::next)));
  const auto ring = wait<KeyRing>(store().rotate_keys(Call(), key("x", KeyState::next), true, moment(now_)));
  ASSERT_EQ(ring->keys.size(), 3U);
  EXPECT_EQ(ring->keys[0].kid + ring->keys[1].kid + ring->keys[2].kid, "zyx");
}

TEST_P(StoreContract, S56_a_key_that_not_everybody_knows_yet_signs_by_force_only) {
  const auto rotate_keys = [this](const std::string& kid, bool is_forced) {
    auto fresh = key(kid, KeyState::next);
    fresh.created_at = now_;
    return wait<KeyRing>(store().rotate_keys(Call(), std::move(fresh), is_forced, moment(now_)));
  };
  (void)wait<KeyRing>(store().add_first_keys(Call(), key("a", KeyState::current), key("b", KeyState::next)));
  EXPECT_TRUE(rotate_keys("c", false)) << "nobody ever saw a key set without b";
  now_ += seconds(limits::key_set_kept_s) - Milliseconds{1};
  EXPECT_EQ(rotate_keys("d", false).error().reason, "next_key_not_known_yet");
  EXPECT_EQ(wait<KeyRing>(store().load_keys(Call()))->find(KeyState::next)->kid, "c");
  now_ += Milliseconds{1};
  EXPECT_TRUE(rotate_keys("e", false));
  EXPECT_FALSE(rotate_keys("f", false));
  EXPECT_EQ(rotate_keys("f", true)->find(KeyState::current)->kid, "e");
}

TEST_P(StoreContract, S56_keys_rotate_in_one_step_and_survive_a_restart) {
  (void)wait<KeyRing>(store().add_first_keys(Call(), key("a", KeyState::current), key("b", KeyState::next)));
  const auto rotated = wait<KeyRing>(store().rotate_keys(Call(), key("c", KeyState::next), false, moment(now_)));
  ASSERT_TRUE(rotated);
  place_->restart();
  const auto ring = wait<KeyRing>(store().load_keys(Call())).value();
  EXPECT_EQ(ring.generation, rotated->generation);
  EXPECT_EQ(ring.find(KeyState::current)->kid, "b");
  EXPECT_EQ(ring.find(KeyState::next)->kid, "c");
  EXPECT_EQ(ring.find(KeyState::retired)->kid, "a");
  EXPECT_EQ(ring.find(KeyState::retired)->retired_at, now_);
  EXPECT_EQ(ring.find(KeyState::current)->sealed, "sealed");
  EXPECT_EQ(event_types(), std::vector<std::string>{"key.rotated.v1"});
  const auto removed = wait<Store::Removed>(store().remove_expired(Call(), now_, now_ + seconds(1), 10)).value();
  EXPECT_EQ(removed.generation, ring.generation + 1);
  EXPECT_EQ(wait<KeyRing>(store().load_keys(Call())).value().keys.size(), 2U);
}

}  // namespace
}  // namespace gatehouse::auth
