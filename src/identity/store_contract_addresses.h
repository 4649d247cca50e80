// Addresses: claimed by many, verified by one: what every Store promises (store_contract.h says how to run it).
#pragma once

#include "identity/store_contract.h"

namespace gatehouse::identity {

template <class Backend>
class StoreAddresses : public StoreContract<Backend> {};
TYPED_TEST_SUITE_P(StoreAddresses);

TYPED_TEST_P(StoreAddresses, S89_many_may_claim_an_address_and_the_first_to_prove_it_has_it_alone) {
  const auto attacker = this->create_active("attacker"), ann = this->create_active("ann"),
             late = this->create_active("late");
  ASSERT_TRUE(this->attach(attacker, "ann@example.org"));
  ASSERT_TRUE(this->attach(ann, "ann@example.org"));
  EXPECT_EQ(this->find(attacker).email(), "ann@example.org");
  const auto verified = this->verify(ann, "Ann@Example.org");
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->value.verified());
  EXPECT_EQ(verified->users.size(), 2U);  // both are told of
  EXPECT_EQ(this->find(attacker).email(), "");
  EXPECT_EQ(this->find(attacker).version(), attacker.version() + 2);
  EXPECT_EQ(this->events().back().event_type, "identifier.verified.v1");
  ASSERT_TRUE(this->attach(late, "ann@example.org"));  // a stranger learns nothing by claiming it …
  const auto taken = this->verify(late, "ann@example.org");
  ASSERT_FALSE(taken);  // … only by reading its mail
  EXPECT_EQ(taken.error().code, Code::already_exists);
  EXPECT_EQ(taken.error().reason, "identifier_taken");
  EXPECT_EQ(this->wait(this->store().find_user_by_email(Call{}, "ann@example.org"))->id(), ann.id());
}

TYPED_TEST_P(StoreAddresses, attaching_again_returns_what_is_there) {
  const auto ann = this->create_active("ann");
  const auto first = this->attach(ann, "ann@example.org"), again = this->attach(ann, "ANN@example.org");
  EXPECT_EQ(first->value.id(), again->value.id());
  EXPECT_TRUE(again->users.empty());
  const auto verified = this->verify(ann, "ann@example.org");
  EXPECT_EQ(verified->value.id(), first->value.id());
  EXPECT_TRUE(verified->value.has_verified_at_ms());
  // A retry of the very request that used the challenge up.
  EXPECT_TRUE(this->attach(ann, "ann@example.org", ChallengeId{this->fresh_id()})->value.verified());
  EXPECT_EQ(this->story(ann.id()), (Names{"user.created.v1", "identifier.attached.v1", "identifier.verified.v1"}));
}

TYPED_TEST_P(StoreAddresses, S85_a_proof_holds_for_one_address_one_user_one_time) {
  const auto ann = this->create_active("ann"), bob = this->create_active("bob");
  const auto unsolved = this->challenge(Purpose::verify, "ann@example.org");
  EXPECT_EQ(this->attach(ann, "ann@example.org", unsolved).error().reason, "challenge_not_solved");
  const auto id = this->challenge(Purpose::verify, "ann@example.org", this->id_of(ann));
  ASSERT_EQ(this->guess(id, Purpose::verify, "right")->verdict, Verdict::right);
  EXPECT_EQ(this->attach(ann, "other@example.org", id).error().reason, "challenge_not_solved");
  EXPECT_EQ(this->attach(bob, "ann@example.org", id).error().reason, "challenge_not_solved");
  EXPECT_TRUE(this->wait(this->store().list_identifiers(Call{}, this->id_of(bob)))->empty());  // refused whole
  ASSERT_TRUE(this->attach(ann, "ann@example.org", id));
  EXPECT_EQ(this->attach(bob, "ann@example.org", id).error().reason, "challenge_not_solved");
  EXPECT_EQ(this->guess(id, Purpose::verify, "right")->verdict, Verdict::used);
}

TYPED_TEST_P(StoreAddresses, a_user_has_at_most_ten_addresses) {
  const auto ann = this->create_active("ann");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(this->attach(ann, "ann" + std::to_string(i) + "@example.org"));
  EXPECT_EQ(this->attach(ann, "ann10@example.org").error().reason, "too_many_identifiers");
  EXPECT_TRUE(this->attach(ann, "ann3@example.org"));
}

TYPED_TEST_P(StoreAddresses, the_primary_address_is_the_first_verified_else_the_first) {
  const auto ann = this->create_active("ann");
  for (const auto* address : {"one@example.org", "two@example.org", "three@example.org"}) {
    ASSERT_TRUE(this->attach(ann, address));
    this->clock.advance(Milliseconds{5});
  }
  EXPECT_EQ(this->find(ann).email(), "one@example.org");
  EXPECT_FALSE(this->find(ann).email_verified());
  const auto three = this->verify(ann, "three@example.org");
  this->clock.advance(Milliseconds{5});
  ASSERT_TRUE(this->verify(ann, "two@example.org"));
  EXPECT_EQ(this->find(ann).email(), "three@example.org");
  EXPECT_TRUE(this->find(ann).email_verified());
  const auto detached =
      this->wait(this->store().detach_identifier(this->now(), this->id_of(ann), *Uuid::parse(three->value.id())));
  ASSERT_TRUE(detached);
  EXPECT_EQ(this->find(ann).email(), "two@example.org");
  EXPECT_EQ(this->events().back().data, R"({"changed":["identifiers","email"],"status":"active"})");
}

TYPED_TEST_P(StoreAddresses, S86_a_detached_address_is_told_sealed) {
  const auto ann = this->create_active("ann");
  const auto address = this->verify(ann, "ann@example.org");
  const auto id = *Uuid::parse(address->value.id());
  ASSERT_TRUE(this->wait(this->store().detach_identifier(this->now(), this->id_of(ann), id)));
  const auto story = this->story(ann.id());
  ASSERT_GE(story.size(), 2U);
  EXPECT_EQ((Names{story.end() - 2, story.end()}), (Names{"identifier.detached.v1", "user.updated.v1"}));
  const auto told = this->events().at(this->events().size() - 2);
  EXPECT_EQ(events::to_json(told).find("ann@"), std::string::npos);
  const auto data = this->unseal(told);
  EXPECT_EQ(data.at("value"), "ann@example.org");
  EXPECT_EQ(data.at("verified"), "true");
  EXPECT_EQ(data.at("identifier_id"), address->value.id());
}

TYPED_TEST_P(StoreAddresses, S92_nobody_detaches_another_users_address) {
  const auto ann = this->create_active("ann"), bob = this->create_active("bob");
  const auto address = this->attach(ann, "ann@example.org");
  const auto id = *Uuid::parse(address->value.id());
  EXPECT_EQ(this->wait(this->store().detach_identifier(this->now(), this->id_of(bob), id)).error().reason,
            "identifier_not_found");
  EXPECT_EQ(this->wait(this->store().list_identifiers(Call{}, this->id_of(ann)))->size(), 1U);
}

REGISTER_TYPED_TEST_SUITE_P(StoreAddresses, S89_many_may_claim_an_address_and_the_first_to_prove_it_has_it_alone,
                            attaching_again_returns_what_is_there, S85_a_proof_holds_for_one_address_one_user_one_time,
                            a_user_has_at_most_ten_addresses, the_primary_address_is_the_first_verified_else_the_first,
                            S86_a_detached_address_is_told_sealed, S92_nobody_detaches_another_users_address);

}  // namespace gatehouse::identity
