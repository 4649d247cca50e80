#include <gtest/gtest.h>

#include "identity/adapters/sqlite_fixture_test.h"
#include "identity/service.h"

namespace gatehouse::identity {
namespace {

TEST_F(ServiceTest, a_mailed_code_proves_an_address) {
  const auto ann = create_active("ann");
  const auto made = challenge("Ann@Example.org");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->expires_at_ms(), to_ms(clock.wall()) + 600'000);
  EXPECT_FALSE(made->solved());
  const auto solved = solve(made->id(), mailed_code(made->id()));
  ASSERT_TRUE(solved);
  EXPECT_TRUE(solved->solved());
  const auto identifier = attach(ann, "ann@example.org", made->id());
  EXPECT_TRUE(identifier->verified());
  v1::GetUserByEmailRequest request;
  request.set_email("ANN@example.org");
  EXPECT_EQ(wait(api->get_user_by_email(Call{}, request))->id(), ann.id());
  EXPECT_EQ(wait(api->get_user(Call{}, by_id(ann)))->email_verified(), true);
}

TEST_F(ServiceTest, S85_a_wrong_code_is_an_invalid_field_five_times) {
  const auto made = challenge("ann@example.org");
  const auto code = mailed_code(made->id());
  for (int i = 0; i < 5; ++i) {
    const auto refused = solve(made->id(), i == 0 ? "" : wrong(code));
    EXPECT_EQ(refused.error().code, Code::invalid_argument);
    EXPECT_EQ(refused.error().reason, "challenge_code_wrong");
    EXPECT_EQ(refused.error().fields.at(0).field, "code");
  }
  const auto exhausted = solve(made->id(), code);
  EXPECT_EQ(exhausted.error().code, Code::failed_precondition);
  EXPECT_EQ(exhausted.error().reason, "challenge_exhausted");
}

TEST_F(ServiceTest, S85_a_code_is_used_once_and_expires) {
  const auto made = challenge("ann@example.org");
  const auto code = mailed_code(made->id());
  ASSERT_TRUE(solve(made->id(), code));
  EXPECT_EQ(solve(made->id(), code)->expires_at_ms(), to_ms(clock.wall()) + 600'000) << "a lost answer is given again";
  EXPECT_EQ(solve(made->id(), wrong(code)).error().reason, "challenge_used");
  ASSERT_TRUE(attach(create_active("ann"), "ann@example.org", made->id()));
  EXPECT_EQ(solve(made->id(), code).error().reason, "challenge_used");
  const auto late = challenge("bob@example.org");
  const auto late_code = mailed_code(late->id());
  clock.advance(Milliseconds{600'000});
  EXPECT_EQ(solve(late->id(), late_code).error().reason, "challenge_expired");
  EXPECT_EQ(solve("nonsense", "12345678").error().reason, "challenge_not_found");
  EXPECT_EQ(solve("018f0000-0000-7000-8000-000000000000", "12345678").error().reason, "challenge_not_found");
}

TEST_F(ServiceTest, S85_a_code_works_for_its_own_challenge_only) {
  const auto one = challenge("ann@example.org"), other = challenge("bob@example.org");
  EXPECT_EQ(solve(one->id(), mailed_code(other->id())).error().reason, "challenge_code_wrong");
}

TEST_F(ServiceTest, S86_the_answer_of_a_challenge_has_no_code_in_it) {
  const auto made = challenge("ann@example.org");
  const auto code = mailed_code(made->id());
  EXPECT_EQ(made->SerializeAsString().find(code), std::string::npos);
  for (const auto& event : events()) EXPECT_EQ(events::to_json(event).find(code), std::string::npos);
}

TEST_F(ServiceTest, recovery_tells_whose_the_code_was_once) {
  const auto ann = create_active("ann");
  verify(ann, "ann@example.org");
  const auto started = recover("Ann@example.org");
  ASSERT_TRUE(started);
  const auto code = mailed_code(started->challenge_id());
  EXPECT_EQ(redeem(started->challenge_id(), wrong(code)).error().reason, "challenge_code_wrong");
  EXPECT_EQ(redeem(started->challenge_id(), code)->user_id(), ann.id());
  EXPECT_EQ(redeem(started->challenge_id(), code).error().reason, "challenge_used");
}

TEST_F(ServiceTest, S85_a_recovery_can_be_looked_at_before_it_is_used_at_the_price_of_the_same_five_tries) {
  const auto ann = create_active("ann");
  verify(ann, "ann@example.org");
  const auto id = recover("ann@example.org")->challenge_id();
  const auto code = mailed_code(id);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(check_recovery(id, code)->user_id(), ann.id());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(check_recovery(id, wrong(code)).error().reason, "challenge_code_wrong");
  EXPECT_EQ(check_recovery(id, code)->user_id(), ann.id());
  EXPECT_EQ(redeem(id, code)->user_id(), ann.id());
  EXPECT_EQ(check_recovery(id, code).error().reason, "challenge_used");
  const auto other = recover("ann@example.org")->challenge_id();
  const auto other_code = mailed_code(other);
  for (int i = 0; i < 5; ++i) (void)check_recovery(other, wrong(other_code));
  EXPECT_EQ(check_recovery(other, other_code).error().reason, "challenge_exhausted");
  EXPECT_EQ(redeem(other, other_code).error().reason, "challenge_exhausted");
}

TEST_F(ServiceTest, S85_recoveries_are_voided_up_to_a_moment) {
  const auto ann = create_active("ann");
  verify(ann, "ann@example.org");
  const auto first = recover("ann@example.org")->challenge_id();
  const auto code = mailed_code(first);
  ASSERT_TRUE(void_recoveries(ann, to_ms(clock.wall()) - 1));
  EXPECT_TRUE(check_recovery(first, code)) << "it was started later";
  ASSERT_TRUE(void_recoveries(ann, to_ms(clock.wall())));
  EXPECT_EQ(redeem(first, code).error().reason, "challenge_code_wrong") << "it looks like a decoy";
  const auto second = recover("ann@example.org")->challenge_id();
  EXPECT_EQ(redeem(second, mailed_code(second))->user_id(), ann.id());
}

// What a stranger sees of a recovery, told in words.
std::vector<std::string> probe(const std::function<Result<v1::RedeemRecoveryResponse>(int)>& guess) {
  std::vector<std::string> seen;
  for (int i = 0; i < 7; ++i) seen.push_back(guess(i).error().reason + guess(i).error().message);
  return seen;
}

TEST_F(ServiceTest, S18_recovery_of_an_unknown_address_looks_like_recovery_of_a_known_one) {
  const auto ann = create_active("ann");
  verify(ann, "ann@example.org");
  const auto known = recover("ann@example.org"), unknown = recover("nobody@example.org");
  ASSERT_TRUE(known && unknown);
  EXPECT_EQ(known->expires_at_ms(), unknown->expires_at_ms());
  EXPECT_EQ(known->challenge_id().size(), unknown->challenge_id().size());
  const auto code = mailed_code(known->challenge_id());
  EXPECT_EQ(redeem(unknown->challenge_id(), mailed_code(unknown->challenge_id())).error().reason, "challenge_code_wrong");
  EXPECT_FALSE(redeem(known->challenge_id(), wrong(code)));
  EXPECT_EQ(check_recovery(known->challenge_id(), wrong(code)).error().reason,
            check_recovery(unknown->challenge_id(), wrong(code)).error().reason);
  const auto of_known = probe([&](int) { return redeem(known->challenge_id(), wrong(code)); });
  const auto of_unknown = probe([&](int) { return redeem(unknown->challenge_id(), wrong(code)); });
  EXPECT_EQ(of_known, of_unknown);
  clock.advance(Milliseconds{600'000});
  EXPECT_EQ(redeem(known->challenge_id(), code).error().reason, redeem(unknown->challenge_id(), code).error().reason);
  EXPECT_EQ(recover("nonsense").error().reason, "email_invalid");
}

TEST_F(ServiceTest, S87_a_recovery_code_solves_no_address_and_an_address_code_recovers_nobody) {
  const auto ann = create_active("ann");
  verify(ann, "ann@example.org");
  const auto started = recover("ann@example.org");
  EXPECT_EQ(solve(started->challenge_id(), mailed_code(started->challenge_id())).error().reason, "challenge_not_found");
  const auto made = challenge("ann@example.org");
  EXPECT_EQ(redeem(made->id(), mailed_code(made->id())).error().reason, "challenge_not_found");
}

TEST_F(ServiceTest, S85_a_challenge_of_one_user_is_of_no_use_to_another) {
  const auto ann = create_active("ann"), bob = create_active("bob");
  const auto made = challenge("ann@example.org", *UserId::parse(ann.id()));
  ASSERT_TRUE(solve(made->id(), mailed_code(made->id())));
  EXPECT_EQ(attach(bob, "ann@example.org", made->id()).error().reason, "challenge_not_solved");
  EXPECT_EQ(attach(bob, "ann@example.org", "nonsense").error().reason, "challenge_not_solved");
  EXPECT_TRUE(attach(ann, "ann@example.org", made->id())->verified());
}

TEST_F(ServiceTest, S89_a_claim_drops_out_of_every_cache_when_another_proves_the_address) {
  const auto squatter = create_active("squatter"), ann = create_active("ann");
  ASSERT_TRUE(attach(squatter, "ann@example.org"));
  ASSERT_EQ(wait_far(far_api->get_user(Call{}, by_id(squatter)))->email(), "ann@example.org");
  verify(ann, "ann@example.org");
  EXPECT_EQ(wait_far(far_api->get_user(Call{}, by_id(squatter)))->email(), "");
  v1::ListIdentifiersRequest request;
  request.set_user_id(squatter.id());
  EXPECT_EQ(wait(api->list_identifiers(Call{}, request))->identifiers_size(), 0);
}

TEST_F(ServiceTest, an_address_of_another_kind_is_refused_by_its_field) {
  const auto ann = create_active("ann");
  v1::AttachIdentifierRequest request;
  request.set_user_id(ann.id());
  request.set_type("phone");
  request.set_value("x");
  EXPECT_EQ(wait(api->attach_identifier(Call{}, request)).error().fields.size(), 2U);
  v1::DetachIdentifierRequest detach;
  detach.set_user_id(ann.id());
  detach.set_identifier_id("nonsense");
  EXPECT_EQ(wait(api->detach_identifier(Call{}, detach)).error().reason, "identifier_not_found");
}

TEST_F(ServiceTest, the_cleaner_destroys_the_keys_of_expired_codes_and_stops_when_told) {
  const auto made = challenge("ann@example.org");
  clock.advance(Milliseconds{600'000});
  Scope jobs(shard.executor());
  jobs.spawn(clean_up_challenges(parts()));
  while (mailed_code(made->id()) != "erased") {
  }
  asio::co_spawn(shard.executor(), jobs.close(), asio::use_future);
  while (jobs.live() > 0) {
    shard.io().restart();
    shard.io().run_one();
  }
}

TEST_F(ServiceTest, what_was_made_before_a_restart_is_there_after_it) {
  const auto ann = create_active("ann");
  const auto made = challenge("ann@example.org");
  const auto code = mailed_code(made->id());
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(solve(made->id(), wrong(code)));
  database->close();
  auto reopened = sqlite::Database::open({.file = folder.path() / "identity.db"}, sqlite_migrations(), clock).value();
  Parts again{.database = *reopened,
              .changes = changes,
              .master_key = master_key,
              .clock = clock,
              .random = random,
              .metrics = metrics};
  const auto fresh = make_sqlite_service(shard, again);
  EXPECT_EQ(wait(fresh->get_user_by_username(Call{}, by_name("ann")))->id(), ann.id());
  v1::VerifyChallengeRequest request;
  request.set_challenge_id(made->id());
  for (const auto& [guess, reason] :
       {std::pair{wrong(code), "challenge_code_wrong"}, std::pair{wrong(code), "challenge_code_wrong"},
        std::pair{code, "challenge_exhausted"}}) {
    request.set_code(guess);
    EXPECT_EQ(wait(fresh->verify_challenge(Call{}, request)).error().reason, reason);
  }
  reopened->close();
}

}  // namespace
}  // namespace gatehouse::identity
