// Scope: the owner of coroutines. What it starts, it waits for.
//
// One shard's thread only. spawn() refuses after close() has begun; close() asks every task to stop
// (asio terminal cancellation) when told to, and returns once the last one has ended. A Scope must be
// closed and empty when it is destroyed: anything else is a bug and aborts.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

#include "base/clock.h"
#include "runtime/task.h"

namespace gatehouse {

class Scope {
 public:
  explicit Scope(Executor executor);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts `task` on this scope's shard. False (and the task is destroyed unstarted) when closing.
  bool spawn(Async<void> task);
  // The same for a task that may also be ended alone: `make` gets the signal that does it, good until the task has ended.
  template <class Make>
  bool spawn_with(Make make) {
    if (closing_) return false;
    run(make(tasks_.emplace_front()));
    return true;
  }

  enum class Stop { wait, cancel };
  // Refuses new tasks, then waits for the rest. Every caller returns once the scope is empty.
  Async<void> close(Stop how = Stop::cancel);

  [[nodiscard]] std::size_t live() const { return tasks_.size(); }
  [[nodiscard]] bool is_closing() const { return closing_; }
  void cancel_all();

 private:
  void run(Async<void> task);  // the one in front
  Executor executor_;
  std::list<asio::cancellation_signal> tasks_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> emptied_;
  bool closing_ = false;
};

}  // namespace gatehouse
