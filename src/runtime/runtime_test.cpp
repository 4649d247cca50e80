#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "runtime/bus.h"
#include "runtime/cpu_pool.h"
#include "runtime/scope.h"
#include "runtime/timer.h"

namespace gatehouse {
namespace {

template <class T>
T wait_for(Shard& shard, Async<T> task) {
  return asio::co_spawn(shard.executor(), std::move(task), asio::use_future).get();
}

TEST(CpuPool, runs_work_elsewhere_and_resumes_on_the_shard) {
  const SystemClock clock;
  Shard shard(0);
  shard.start();
  CpuPool pool({.threads = 1}, clock);
  const auto result = wait_for(shard, pool.run<int>(Call{}, [] { return Result<int>(42); }));
  EXPECT_EQ(result.value(), 42);
  pool.stop();
  shard.stop();
}

TEST(CpuPool, refuses_a_job_whose_call_has_expired_without_running_it) {
  const SystemClock clock;
  Shard shard(0);
  shard.start();
  CpuPool pool({.threads = 1}, clock);
  Call call;
  call.deadline = clock.steady() - Milliseconds{1};
  const auto result = wait_for(shard, pool.run<int>(call, [] { return Result<int>(42); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "overloaded");
  EXPECT_EQ(pool.stats().run, 0U);
  pool.stop();
  shard.stop();
}

TEST(CpuPool, refuses_at_once_when_its_queue_is_full) {
  const SystemClock clock;
  Shard shard(0);
  shard.start();
  CpuPool pool({.threads = 1, .queue_max = 0}, clock);
  const auto result = wait_for(shard, pool.run<int>(Call{}, [] { return Result<int>(42); }));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::unavailable);
  EXPECT_GT(result.error().retry_after_ms, 0U);
  pool.stop();
  shard.stop();
}

TEST(Bus, publish_returns_after_every_shard_has_heard) {
  Shard one(0), two(1);
  int heard_one = 0, heard_two = 0;
  Bus<int> bus;
  bus.subscribe(one, [&](const int& notice) { heard_one += notice; });
  bus.subscribe(two, [&](const int& notice) { heard_two += notice; });
  one.start();
  two.start();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(wait_for(one, bus.publish(1)));
  EXPECT_EQ(heard_one, 100);
  EXPECT_EQ(heard_two, 100);
  one.stop();
  two.stop();
}

Async<void> wait_long(bool* was_cancelled) { *was_cancelled = !co_await sleep_for(std::chrono::hours{1}); }

Async<std::size_t> close_scope_with_a_sleeper(Scope& scope, bool* was_cancelled) {
  scope.spawn(wait_long(was_cancelled));
  co_await sleep_for(Milliseconds{1});
  co_await scope.close();
  co_return scope.live();
}

TEST(Scope, close_cancels_what_waits_and_returns_when_it_has_ended) {
  Shard shard(0);
  shard.start();
  Scope scope(shard.executor());
  bool was_cancelled = false;
  EXPECT_EQ(wait_for(shard, close_scope_with_a_sleeper(scope, &was_cancelled)), 0U);
  EXPECT_TRUE(was_cancelled);
  EXPECT_FALSE(scope.spawn(wait_long(&was_cancelled)));
  shard.stop();
}

// Cannot be interrupted while it works, and is cancelled meanwhile.
Async<void> work_then_wait(CpuPool& pool, bool* has_worked) {
  auto work = [] { return Result<int>(1); };
  const auto worked = co_await pool.run<int>(Call(), work);
  *has_worked = worked.has_value();
  co_await sleep_for(std::chrono::hours{1});
}

Async<void> close_scope_with_a_worker(Scope& scope, CpuPool& pool, bool* has_worked) {
  scope.spawn(work_then_wait(pool, has_worked));
  co_await sleep_for(Milliseconds{0});
  co_await scope.close();
}

TEST(Scope, a_task_cancelled_while_it_works_elsewhere_ends_after_that_and_is_no_bug) {
  const SystemClock clock;
  Shard shard(0);
  shard.start();
  CpuPool pool({.threads = 1}, clock);
  Scope scope(shard.executor());
  bool has_worked = false;
  wait_for(shard, close_scope_with_a_worker(scope, pool, &has_worked));
  EXPECT_EQ(scope.live(), 0U);
  shard.stop();
  pool.stop();
}

}  // namespace
}  // namespace gatehouse
