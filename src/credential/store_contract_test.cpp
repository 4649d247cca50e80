#include "credential/store_contract.h"

#include <algorithm>

namespace gatehouse::credential {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_P(StoreContract, a_password_is_set_once_unless_it_is_replaced) {
  EXPECT_EQ(load(), "none");
  EXPECT_EQ(save("first"), true);
  EXPECT_EQ(save("second"), false);
  EXPECT_EQ(load(), "first");
  EXPECT_EQ(replace("third"), 2);
  EXPECT_EQ(load(), "third");
  EXPECT_EQ(event_types(), (std::vector<std::string>{"password.set.v1", "password.set.v1"}));
}

TEST_P(StoreContract, S14_a_password_is_not_replaced_by_who_knew_the_one_before) {
  (void)save("first");
  const auto known = begin_attempt(attempt("ada", "192.0.2.1", "user-1")).password->version;
  PhcUpgrade upgrade{.user_id = "user-1", .old_phc = "first", .new_phc = "first again"};
  EXPECT_EQ(wait<bool>(store().upgrade_phc(Call(), std::move(upgrade), now_)), true);
  ASSERT_EQ(replace("second", known), known + 1) << "another hash is no other password";
  EXPECT_EQ(replace("a thief's", known).error().reason, "password_changed");
  ASSERT_EQ(replace("a reset's"), known + 2);
  EXPECT_EQ(replace("in flight", known + 1).error().reason, "password_changed");
  EXPECT_EQ(load(), "a reset's");
}

TEST_P(StoreContract, nobody_who_is_deleted_gets_a_password_again) {
  (void)save("first");
  ASSERT_TRUE(wait<void>(store().delete_user(Call(), "user-1", now_)));
  EXPECT_EQ(replace("second").error().reason, "user_not_found");
  EXPECT_EQ(save("third").error().reason, "user_not_found");
  place_->restart();
  now_ += hours(23);
  ASSERT_TRUE(wait<void>(store().delete_user(Call(), "user-2", now_)));
  EXPECT_EQ(save("fourth").error().reason, "user_not_found");
  EXPECT_EQ(load(), "none");
}

TEST_P(StoreContract, a_password_survives_a_restart_and_goes_with_its_user) {
  EXPECT_EQ(save("first"), true);
  place_->restart();
  EXPECT_EQ(load(), "first");
  EXPECT_TRUE(wait<void>(store().delete_user(Call(), "user-1", now_)));
  EXPECT_TRUE(wait<void>(store().delete_user(Call(), "user-1", now_)));
  EXPECT_EQ(load(), "none");
}

TEST_P(StoreContract, S8_a_hash_is_upgraded_once_and_never_over_a_newer_password) {
  (void)save("old");
  const auto upgrade = [this](std::string to) {
    PhcUpgrade change{.user_id = "user-1", .old_phc = "old", .new_phc = std::move(to)};
    return wait<bool>(store().upgrade_phc(Call(), std::move(change), now_)).value();
  };
  EXPECT_TRUE(upgrade("new"));
  EXPECT_FALSE(upgrade("newer"));
  EXPECT_EQ(load(), "new");
}

TEST_P(StoreContract, an_attempt_brings_the_hash_of_a_user_and_nothing_for_nobody) {
  (void)save("phc");
  EXPECT_EQ(begin_attempt(attempt("ada", "192.0.2.1", "user-1")).password->phc, "phc");
  EXPECT_FALSE(begin_attempt(attempt("bob", "192.0.2.1")).password);
}

TEST_P(StoreContract, S20_parallel_attempts_count_before_any_is_verified) {
  std::vector<std::future<Result<BegunAttempt>>> racing;
  for (int i = 0; i < 200; ++i)
    racing.push_back(begin<BegunAttempt>(store().begin_attempt(Call(), attempt("ada", "192.0.2.1"), now_)));
  std::vector<BegunAttempt> admitted;
  for (auto& one : racing) {
    auto begun = one.get().value();
    if (begun.decision.is_admitted()) admitted.push_back(std::move(begun));
  }
  EXPECT_EQ(admitted.size(), limits::attempts_free_per_account);
  EXPECT_FALSE(begin_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
  admitted.clear();  // none of them was verified
  EXPECT_TRUE(begin_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
}

TEST_P(StoreContract, S20_an_attempt_that_has_failed_counts_when_its_place_is_free_again) {
  const auto ada = attempt("ada", "192.0.2.1");
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) EXPECT_TRUE(fail_attempt(ada).decision.is_admitted());
  EXPECT_EQ(begin_attempt(ada).decision.wait, seconds(1));
}

TEST_P(StoreContract, S24_the_back_off_survives_a_restart) {
  for (int i = 0; i < 10; ++i) (void)fail_attempt(attempt("ada", "192.0.2.1"));
  place_->restart();
  EXPECT_FALSE(begin_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
  now_ += seconds(1);
  EXPECT_TRUE(fail_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
  EXPECT_EQ(begin_attempt(attempt("ada", "192.0.2.1")).decision.wait, seconds(2));
}

TEST_P(StoreContract, S24_a_clock_set_back_is_remembered_so_that_the_wait_ends) {
  for (int i = 0; i < 6; ++i) (void)fail_attempt(attempt("ada", "192.0.2.1"));
  now_ -= hours(5);
  EXPECT_FALSE(begin_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
  now_ += seconds(1);
  EXPECT_TRUE(begin_attempt(attempt("ada", "192.0.2.1")).decision.is_admitted());
}

TEST_P(StoreContract, success_forgets_what_there_was_and_says_when_there_is_nothing) {
  const auto ada = attempt("ada", "192.0.2.1", "user-1");
  EXPECT_TRUE(begin_attempt(ada).is_clean);
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account - 1; ++i) (void)fail_attempt(ada);
  EXPECT_FALSE(begin_attempt(ada).is_clean);
  ASSERT_TRUE(wait<void>(store().succeed_attempt(Call(), ada)));
  EXPECT_TRUE(begin_attempt(ada).is_clean);
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) EXPECT_TRUE(fail_attempt(ada).decision.is_admitted());
  EXPECT_FALSE(begin_attempt(ada).decision.is_admitted());
}

TEST_P(StoreContract, S22_other_accounts_and_sources_do_not_wait) {
  for (int i = 0; i < 10; ++i) (void)fail_attempt(attempt("ada", "192.0.2.1"));
  EXPECT_TRUE(begin_attempt(attempt("ada", "198.51.100.7")).decision.is_admitted());
  EXPECT_TRUE(begin_attempt(attempt("bob", "192.0.2.1")).decision.is_admitted());
}

TEST_P(StoreContract, S22_a_replaced_password_lets_its_owner_in_again) {
  const auto ada = attempt("ada", "192.0.2.1", "user-1");
  (void)save("old");
  for (int i = 0; i < 10; ++i) (void)fail_attempt(ada);
  ASSERT_FALSE(begin_attempt(ada).decision.is_admitted());
  (void)replace("new");
  EXPECT_TRUE(begin_attempt(ada).decision.is_admitted());
}

TEST_P(StoreContract, failures_are_told_once_a_minute_for_users_that_exist) {
  const auto ada = attempt("ada", "192.0.2.1", "user-1"), nobody = attempt("nobody", "192.0.2.1");
  EXPECT_TRUE(fail_attempt(ada).is_event_due);
  EXPECT_FALSE(fail_attempt(ada).is_event_due);
  EXPECT_TRUE(fail_attempt(nobody).is_event_due);
  EXPECT_FALSE(begin_attempt(nobody).is_event_due);
  EXPECT_EQ(event_types(), std::vector<std::string>{"password.verified_failed.v1"});
  now_ += minutes(1);
  (void)fail_attempt(ada);
  EXPECT_EQ(event_types().size(), 2U);
}

}  // namespace
}  // namespace gatehouse::credential
