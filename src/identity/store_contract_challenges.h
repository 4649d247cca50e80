// Challenges, recovery, cleaning: what every Store promises (store_contract.h says how to run it).
#pragma once

#include "identity/store_contract.h"

namespace gatehouse::identity {

template <class Backend>
class StoreChallenges : public StoreContract<Backend> {};
TYPED_TEST_SUITE_P(StoreChallenges);

TYPED_TEST_P(StoreChallenges, S86_the_code_is_mailed_under_a_key_of_its_own_and_stands_readable_nowhere) {
  const auto id = this->challenge(Purpose::verify, "Ann@example.org");
  const auto mailed = this->events().back();
  EXPECT_EQ(mailed.event_type, "challenge.created.v1");
  EXPECT_EQ(mailed.subject, id.str());
  EXPECT_EQ(mailed.key_id, id.str());
  EXPECT_EQ(events::to_json(mailed).find("12345678"), std::string::npos);
  const auto data = this->unseal(mailed);
  EXPECT_EQ(data.at("code"), "12345678");
  EXPECT_EQ(data.at("value"), "Ann@example.org");
  EXPECT_EQ(data.at("purpose"), "verify");
  EXPECT_EQ(data.at("expires_at"), to_rfc3339(this->clock.wall() + Milliseconds{limits::challenge_lifetime_ms}));
}

TYPED_TEST_P(StoreChallenges, S22_a_challenge_somebody_else_asked_for_does_not_void_ones_own) {
  const auto hers = this->challenge(Purpose::verify, "ann@example.org");
  const auto strangers = this->challenge(Purpose::verify, "ANN@example.org");
  EXPECT_TRUE(this->wait(this->store().find_subject_key(Call{}, hers.value))) << "its mail may still leave";
  for (int i = 0; i < 6; ++i) (void)this->guess(strangers, Purpose::verify, "wrong");
  EXPECT_EQ(this->guess(hers, Purpose::verify, "right")->verdict, Verdict::right);
  this->challenge(Purpose::verify, "ann@example.org");
  EXPECT_EQ(this->guess(hers, Purpose::verify, "right")->verdict, Verdict::right);  // a proof is not taken away
}

TYPED_TEST_P(StoreChallenges, S85_a_challenge_is_of_one_purpose_and_of_whoever_asked) {
  const auto ann = this->create_active("ann"), bob = this->create_active("bob");
  const auto id = this->challenge(Purpose::verify, "ann@example.org", this->id_of(ann));
  EXPECT_EQ(this->guess(id, Purpose::recover, "right").error().reason, "challenge_not_found");
  EXPECT_EQ(this->guess(id, Purpose::verify, "right", this->id_of(bob)).error().reason, "challenge_not_found");
  EXPECT_EQ(this->guess(id, Purpose::verify, "right", this->id_of(ann))->verdict, Verdict::right);
}

TYPED_TEST_P(StoreChallenges, S20_a_hundred_parallel_guesses_get_five_answers) {
  const auto id = this->challenge(Purpose::verify, "ann@example.org");
  std::vector<Task<Judged>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(this->guess_task(id, Purpose::verify, "wrong"));
  int answered = 0;
  for (const auto& judged : wait_all(this->backend.shard(), std::move(tasks)))
    answered += judged->verdict == Verdict::wrong;
  EXPECT_EQ(answered, 5);
  EXPECT_EQ(this->guess(id, Purpose::verify, "right")->verdict, Verdict::exhausted);
}

TYPED_TEST_P(StoreChallenges, S85_of_a_hundred_parallel_redemptions_one_succeeds) {
  const auto ann = this->create_active("ann");
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  const auto id = this->challenge(Purpose::recover, "ann@example.org");
  std::vector<Task<Judged>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(this->guess_task(id, Purpose::recover, "right"));
  int won = 0;
  for (const auto& judged : wait_all(this->backend.shard(), std::move(tasks))) {
    won += judged->verdict == Verdict::right;
    if (judged->verdict == Verdict::right) {
      EXPECT_EQ(judged->challenge.owner, this->id_of(ann));
    }
  }
  EXPECT_EQ(won, 1);
}

TYPED_TEST_P(StoreChallenges, S22_a_recovery_somebody_else_asked_for_does_not_void_the_owners) {
  const auto ann = this->create_active("ann");
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  const auto hers = this->challenge(Purpose::recover, "ann@example.org");
  const auto strangers = this->challenge(Purpose::recover, "ann@example.org");
  for (int i = 0; i < 6; ++i) (void)this->guess(strangers, Purpose::recover, "wrong");
  EXPECT_TRUE(this->wait(this->store().find_subject_key(Call{}, hers.value))) << "its mail may still leave";
  const auto last = this->challenge(Purpose::recover, "ann@example.org");
  EXPECT_EQ(this->guess(hers, Purpose::recover, "right")->verdict, Verdict::right);
  EXPECT_EQ(this->guess(last, Purpose::recover, "right")->verdict, Verdict::wrong) << "one recovery ends the others";
}

TYPED_TEST_P(StoreChallenges, S18_a_recovery_of_nobody_answers_like_a_wrong_code_and_is_told_of_as_a_decoy) {
  const auto ann = this->create_active("ann");
  ASSERT_TRUE(this->attach(ann, "claimed@example.org"));
  for (const auto* address : {"nobody@example.org", "claimed@example.org"}) {
    const auto told = this->events().size();
    const auto id = this->challenge(Purpose::recover, address);
    ASSERT_EQ(this->events().size(), told + 1);
    EXPECT_EQ(this->unseal(this->events().back()).at("purpose"), "decoy");
    EXPECT_EQ(this->events().back().subject, id.str());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(this->guess(id, Purpose::recover, "right")->verdict, Verdict::wrong);
    EXPECT_EQ(this->guess(id, Purpose::recover, "right")->verdict, Verdict::exhausted);
  }
}

TYPED_TEST_P(StoreChallenges, S21_a_recovery_under_way_ends_with_disabling_detaching_and_deleting) {
  const auto ann = this->create_active("ann");
  const auto address = this->verify(ann, "ann@example.org");
  const auto before = this->challenge(Purpose::recover, "ann@example.org");
  ASSERT_TRUE(this->wait(this->store().set_user_disabled(this->now(), this->id_of(ann), true)));
  EXPECT_EQ(this->guess(before, Purpose::recover, "right")->verdict, Verdict::wrong);
  const auto while_disabled = this->challenge(Purpose::recover, "ann@example.org");
  EXPECT_EQ(this->guess(while_disabled, Purpose::recover, "right")->verdict, Verdict::wrong);
  ASSERT_TRUE(this->wait(this->store().set_user_disabled(this->now(), this->id_of(ann), false)));
  const auto during = this->challenge(Purpose::recover, "ann@example.org");
  ASSERT_TRUE(
      this->wait(this->store().detach_identifier(this->now(), this->id_of(ann), *Uuid::parse(address->value.id()))));
  EXPECT_EQ(this->guess(during, Purpose::recover, "right")->verdict, Verdict::wrong);
  ASSERT_TRUE(this->verify(ann, "ann@example.org"));
  const auto last = this->challenge(Purpose::recover, "ann@example.org");
  ASSERT_TRUE(this->wait(this->store().delete_user(this->now(), this->id_of(ann), std::nullopt)));
  EXPECT_EQ(this->guess(last, Purpose::recover, "right").error().reason, "challenge_not_found");
  EXPECT_EQ(this->wait(this->store().find_subject_key(Call{}, last.value)).error().reason, "erased");
}

TYPED_TEST_P(StoreChallenges, cleaning_destroys_keys_when_codes_expire_and_rows_an_hour_later) {
  const auto id = this->challenge(Purpose::verify, "ann@example.org");
  const auto ann = this->create_active("ann");
  EXPECT_EQ(this->wait(this->store().clean_up(this->now(), 100)).value(), 0);
  this->clock.advance(Milliseconds{limits::challenge_lifetime_ms});
  EXPECT_EQ(this->wait(this->store().clean_up(this->now(), 100)).value(), 1);
  EXPECT_EQ(this->wait(this->store().find_subject_key(Call{}, id.value)).error().reason, "erased");
  EXPECT_EQ(this->guess(id, Purpose::verify, "right")->verdict, Verdict::expired);
  this->clock.advance(expired_challenge_kept);
  EXPECT_EQ(this->wait(this->store().clean_up(this->now(), 100)).value(), 1);
  EXPECT_EQ(this->guess(id, Purpose::verify, "right").error().reason, "challenge_not_found");
  this->clock.advance(idempotency_key_kept);
  EXPECT_EQ(this->wait(this->store().clean_up(this->now(), 100)).value(), 1);
  EXPECT_TRUE(this->wait(this->store().find_subject_key(Call{}, this->id_of(ann).value)));  // a user's key stays
}

REGISTER_TYPED_TEST_SUITE_P(StoreChallenges, S86_the_code_is_mailed_under_a_key_of_its_own_and_stands_readable_nowhere,
                            S22_a_challenge_somebody_else_asked_for_does_not_void_ones_own,
                            S85_a_challenge_is_of_one_purpose_and_of_whoever_asked,
                            S20_a_hundred_parallel_guesses_get_five_answers,
                            S85_of_a_hundred_parallel_redemptions_one_succeeds,
                            S22_a_recovery_somebody_else_asked_for_does_not_void_the_owners,
                            S18_a_recovery_of_nobody_answers_like_a_wrong_code_and_is_told_of_as_a_decoy,
                            S21_a_recovery_under_way_ends_with_disabling_detaching_and_deleting,
                            cleaning_destroys_keys_when_codes_expire_and_rows_an_hour_later);

}  // namespace gatehouse::identity
