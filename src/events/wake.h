// Wake: lets one task sleep on its shard until somebody on any thread has news for it. Held by shared_ptr, because
// whoever notifies may do so after the sleeper has gone; the shard outlives both.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>

#include "base/clock.h"
#include "runtime/task.h"

namespace gatehouse::events {

class Wake : public std::enable_shared_from_this<Wake> {
 public:
  explicit Wake(Executor executor) : executor_(executor), timer_(executor) {}

  // Any thread. News that comes while the sleeper is awake makes its next wait() return at once; much news is one.
  void notify();
  // Until notified, cancelled, or `longest` has passed. On the shard, one task at a time.
  Async<void> wait(Milliseconds longest);

 private:
  Executor executor_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer_;
  std::atomic<bool> has_news_{false};
};

// Whether the task that asks has been told to stop. A long-running task first turns off the exception that asio
// otherwise throws from the next co_await, then asks this between two pieces of work.
Async<void> stop_by_asking();
Async<bool> is_asked_to_stop();

}  // namespace gatehouse::events
