#include "resilience/single_flight.h"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <string>
#include <vector>

#include "runtime/shard.h"

namespace gatehouse {
namespace {

using Flights = SingleFlight<std::string, int>;

// A store whose reads end when the test says so.
struct Store {
  explicit Store(Shard& shard) : gate(shard.executor(), SteadyTime::max()) {}
  Task<int> read() {
    ++reads;
    const int seen = value;
    if (!is_open) co_await gate.async_wait(asio::as_tuple(use_async));
    co_return seen;
  }
  void open() { is_open = true, gate.cancel(); }

  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> gate;
  bool is_open = false;
  int reads = 0;
  int value = 1;
};

class SingleFlightTest : public testing::Test {
 protected:
  SingleFlightTest()
      : shard(0), scope(shard.executor()), callers(shard.executor()), flights(scope, clock), store(shard) {}

  Async<void> ask(Call call, std::string key) {
    auto fill = [this] { return store.read(); };
    Result<int> answer = co_await flights.run(call, std::move(key), std::move(fill));
    answers.push_back(std::move(answer));
  }
  // Lets everything that can run, run; there is no thread, so this is deterministic.
  void settle() { shard.io().restart(), shard.io().poll(); }
  void close() {
    asio::co_spawn(shard.executor(), scope.close(Scope::Stop::wait), asio::use_future);
    asio::co_spawn(shard.executor(), callers.close(Scope::Stop::wait), asio::use_future);
    settle();
  }

  SystemClock clock;
  Shard shard;
  Scope scope, callers;
  Flights flights;
  Store store;
  std::vector<Result<int>> answers;
};

TEST_F(SingleFlightTest, many_callers_of_one_key_cause_one_fill_and_all_get_its_result) {
  for (int i = 0; i < 100; ++i) callers.spawn(ask(Call{}, "ann"));
  callers.spawn(ask(Call{}, "bob"));
  settle();
  EXPECT_EQ(store.reads, 2);
  EXPECT_TRUE(answers.empty());
  store.open();
  settle();
  EXPECT_EQ(answers.size(), 101U);
  for (const auto& answer : answers) EXPECT_EQ(answer.value(), 1);
  EXPECT_EQ(flights.live(), 0U);
  close();
}

TEST_F(SingleFlightTest, the_fill_does_not_die_with_the_caller_who_started_it) {
  Scope first(shard.executor());
  first.spawn(ask(Call{}, "ann"));
  settle();
  callers.spawn(ask(Call{}, "ann"));
  settle();
  asio::co_spawn(shard.executor(), first.close(), asio::use_future);
  settle();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, Code::cancelled);
  store.open();
  settle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].value(), 1);
  EXPECT_EQ(store.reads, 1);
  close();
}

TEST_F(SingleFlightTest, whoever_comes_after_forget_does_not_join_a_fill_that_read_too_early) {
  callers.spawn(ask(Call{}, "ann"));
  settle();
  store.value = 2;
  EXPECT_TRUE(flights.forget("ann"));
  callers.spawn(ask(Call{}, "ann"));
  settle();
  EXPECT_EQ(store.reads, 2);
  store.open();
  settle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].value() + answers[1].value(), 3);
  EXPECT_EQ(flights.live(), 0U);
  close();
}

TEST_F(SingleFlightTest, a_caller_out_of_time_leaves_and_the_others_stay) {
  Call hurried;
  hurried.deadline = clock.steady() - Milliseconds{1};
  callers.spawn(ask(hurried, "ann"));
  callers.spawn(ask(Call{}, "ann"));
  settle();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().code, Code::deadline_exceeded);
  store.open();
  settle();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].value(), 1);
  close();
}

TEST_F(SingleFlightTest, refuses_to_start_a_fill_once_its_scope_is_closing) {
  asio::co_spawn(shard.executor(), scope.close(), asio::use_future);
  settle();
  callers.spawn(ask(Call{}, "ann"));
  settle();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].error().reason, "shutting_down");
  EXPECT_EQ(store.reads, 0);
  EXPECT_EQ(flights.live(), 0U);
  close();
}

TEST_F(SingleFlightTest, closing_the_scope_lets_the_fill_end_and_its_callers_be_answered) {
  callers.spawn(ask(Call{}, "ann"));
  settle();
  asio::co_spawn(shard.executor(), scope.close(), asio::use_future);
  settle();
  store.open();
  settle();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(scope.live(), 0U);
  close();
}

}  // namespace
}  // namespace gatehouse
