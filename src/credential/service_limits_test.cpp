// How the service answers guessing, flooding and clients that have gone.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <thread>

#include "credential/adapters/service_fixture_test.h"

namespace gatehouse::credential {
namespace {

using std::chrono::seconds;

TEST_F(CredentialServiceTest, S16_nobody_a_user_without_a_password_and_a_wrong_one_get_one_answer) {
  ASSERT_TRUE(set(good_));
  const auto answer = [this](std::string user_id, std::string account) {
    const auto before = hashes();
    auto request = attempt("wrong", std::move(user_id), std::move(account));
    const auto got = wait<v1::VerifyPasswordResponse>(service_->verify_password(from("192.0.2.9"), std::move(request)));
    EXPECT_EQ(hashes(), before + 1);  // S-17
    return std::to_string(static_cast<int>(got.error().code)) + got.error().reason + got.error().message +
           std::to_string(got.error().retry_after_ms);
  };
  const auto wrong = answer(user_, "ada-lovelace");
  EXPECT_EQ(answer("", "nobody"), wrong);
  EXPECT_EQ(answer("01890a5d-ac96-774b-bcce-b302099a8058", "grace"), wrong);
}

TEST_F(CredentialServiceTest, S17_known_and_unknown_accounts_cost_the_same_transactions) {
  ASSERT_TRUE(set(good_));
  const auto writes_of = [this](std::string user_id, std::string account) {
    const auto before = place_.database().stats();
    auto request = attempt("wrong", std::move(user_id), std::move(account));
    (void)wait<v1::VerifyPasswordResponse>(service_->verify_password(Call(), std::move(request)));
    const auto after = place_.database().stats();
    return std::pair(after.writes - before.writes, after.reads - before.reads);
  };
  EXPECT_EQ(writes_of(user_, "ada-lovelace"), writes_of("", "nobody"));
  EXPECT_EQ(writes_of(user_, "ada-lovelace"), writes_of("", "nobody"));
}

TEST_F(CredentialServiceTest, S20_parallel_guesses_are_verified_no_more_often_than_allowed) {
  ASSERT_TRUE(set(good_));
  const auto before = hashes();
  std::vector<std::future<Result<v1::VerifyPasswordResponse>>> guesses;
  for (int i = 0; i < 200; ++i)
    guesses.push_back(begin<v1::VerifyPasswordResponse>(
        service_->verify_password(from("192.0.2.1"), attempt("guess " + std::to_string(i)))));
  int delayed = 0;
  for (auto& guess : guesses) delayed += outcome(guess.get()) == "too_many_attempts" ? 1 : 0;
  EXPECT_EQ(hashes() - before, limits::attempts_free_per_account);
  EXPECT_EQ(delayed, 200 - static_cast<int>(limits::attempts_free_per_account));
}

TEST_F(CredentialServiceTest, S16_guessing_at_one_name_does_not_tell_which_other_name_is_the_same_persons) {
  ASSERT_TRUE(set(good_));
  const auto verify_as = [this](const std::string& name, const std::string& password, std::string user_id, std::string account) {
    auto request = attempt(password, std::move(user_id), std::move(account));
    request.set_name(name);
    return outcome(wait<v1::VerifyPasswordResponse>(service_->verify_password(from("192.0.2.1"), std::move(request))));
  };
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i)
    EXPECT_EQ(verify_as("bobby", "guess", user_, "bob"), "invalid_credentials");
  EXPECT_EQ(verify_as("bobby", "guess", user_, "bob"), "too_many_attempts");
  const auto before = hashes();
  EXPECT_EQ(verify_as("bob@example.com", "guess", user_, "bob"), "invalid_credentials");
  EXPECT_EQ(verify_as("bob@example.com", good_, user_, "bob"), "invalid_credentials") << "S-21: one state, not looked at";
  EXPECT_EQ(verify_as("eve@example.com", "guess", "", "eve@example.com"), "invalid_credentials");
  EXPECT_EQ(hashes(), before + 3) << "S-17";
  clock_.advance(seconds(1));
  EXPECT_EQ(verify_as("bob@example.com", good_, user_, "bob"), "right");
}

TEST_F(CredentialServiceTest, S22_a_guesser_elsewhere_does_not_keep_the_owner_out) {
  ASSERT_TRUE(set(good_));
  for (int i = 0; i < 20; ++i) (void)verify("guess", "203.0.113.66");
  EXPECT_EQ(verify(good_, "203.0.113.66"), "too_many_attempts");
  EXPECT_EQ(verify(good_, "192.0.2.1"), "right");
  clock_.advance(seconds(1));
  EXPECT_EQ(verify(good_, "203.0.113.66"), "right");  // who waited and knows the password gets in
  EXPECT_EQ(verify("typo", "203.0.113.66"), "invalid_credentials");
}

TEST_F(CredentialServiceTest, S22_callers_that_name_no_source_do_not_lock_one_another_out) {
  ASSERT_TRUE(set(good_));
  for (int i = 0; i < 100; ++i) {
    auto request = attempt("guess", "", "nobody " + std::to_string(i));
    (void)wait<v1::VerifyPasswordResponse>(service_->verify_password(Call(), std::move(request)));
  }
  EXPECT_EQ(verify(good_, ""), "right");
}

TEST_F(CredentialServiceTest, S25_one_source_that_sprays_many_accounts_is_slowed_down) {
  int delayed = 0;
  for (int i = 0; i < 60; ++i) {
    auto request = attempt("Winter2025!", "", "account " + std::to_string(i));
    const auto answer =
        wait<v1::VerifyPasswordResponse>(service_->verify_password(from("203.0.113.5"), std::move(request)));
    delayed += outcome(answer) == "too_many_attempts" ? 1 : 0;
  }
  EXPECT_EQ(delayed, 60 - static_cast<int>(limits::attempts_free_per_source));
}

TEST_F(CredentialServiceTest, too_many_attempts_say_when_to_come_back) {
  ASSERT_TRUE(set(good_));
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i) (void)verify("guess");
  const auto refused = wait<v1::VerifyPasswordResponse>(service_->verify_password(from("192.0.2.1"), attempt("guess")));
  EXPECT_EQ(refused.error().code, Code::resource_exhausted);
  EXPECT_EQ(refused.error().retry_after_ms, 1000U);
}

TEST_F(CredentialServiceTest, with_limits_disabled_nothing_is_delayed_and_nothing_written) {
  ASSERT_TRUE(set(good_));
  service_ = make(false);
  const auto writes = place_.database().stats().writes;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(verify("guess"), "invalid_credentials");
  EXPECT_EQ(verify(good_), "right");
  EXPECT_EQ(place_.database().stats().writes, writes);
}

TEST_F(CredentialServiceTest, S12_a_login_whose_client_has_gone_is_not_hashed_and_not_counted) {
  ASSERT_TRUE(set(good_));
  HeldPool held(pool_, shard_);
  asio::cancellation_signal gone;
  auto abandoned = asio::co_spawn(shard_.executor(), service_->verify_password(from("192.0.2.1"), attempt("guess")),
                                  asio::bind_cancellation_slot(gone.slot(), asio::use_future));
  while (pool_.stats().queued == 0) std::this_thread::yield();
  std::promise<void> emitted;
  shard_.post([&] { gone.emit(asio::cancellation_type::terminal), emitted.set_value(); });
  emitted.get_future().wait();
  held.let_go();
  try {
    EXPECT_EQ(abandoned.get().error().code, Code::cancelled);
  } catch (const boost::system::system_error&) {  // the task may also have been ended at its next step
  }
  EXPECT_NE(metrics_.expose().find("gatehouse_password_hash_seconds_count 1"), std::string::npos);
  for (std::uint32_t i = 0; i < limits::attempts_free_per_account; ++i)
    EXPECT_EQ(verify("guess"), "invalid_credentials");
  EXPECT_EQ(verify("guess"), "too_many_attempts");
}

TEST_F(CredentialServiceTest, S11_a_login_that_finds_no_thread_in_time_is_overloaded_and_not_counted) {
  ASSERT_TRUE(set(good_));
  HeldPool held(pool_, shard_);
  std::vector<std::future<Result<v1::VerifyPasswordResponse>>> waiting;
  for (int i = 0; i < 5; ++i)
    waiting.push_back(begin<v1::VerifyPasswordResponse>(service_->verify_password(from("192.0.2.1"), attempt(good_))));
  while (pool_.stats().queued < 5) std::this_thread::yield();
  clock_.advance(seconds(3));
  held.let_go();
  for (auto& one : waiting) {
    const auto answer = one.get();
    EXPECT_EQ(outcome(answer), "overloaded");
    EXPECT_GT(answer.error().retry_after_ms, 0U);
  }
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(verify("guess"), "invalid_credentials");  // none of the five is held against them
  EXPECT_EQ(verify(good_), "right");
}

TEST_F(CredentialServiceTest, S11_the_pool_stays_within_its_memory_budget) {
  config::Password config;
  EXPECT_EQ(hash_pool_options(config, 4).threads, 4U);
  EXPECT_EQ(hash_pool_options(config, 64).threads, 13U);  // 256 MiB of 19 MiB each
  config.hash_memory_mib = 1;
  EXPECT_EQ(hash_pool_options(config, 4).threads, 1U);
  config.hash_memory_mib = 256;
  config.hash_threads = 2;
  const auto options = hash_pool_options(config, 8);
  EXPECT_EQ(options.threads, 2U);
  EXPECT_EQ(options.nice, 10);
  EXPECT_TRUE(options.on_idle);
}

}  // namespace
}  // namespace gatehouse::credential
