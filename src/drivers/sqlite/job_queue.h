// The queue in front of a database thread: bounded, with the deadline of each job. Any thread pushes, and has returned
// from it before the queue is destroyed; the database's own threads pop.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "base/limits.h"
#include "drivers/sqlite/database.h"

namespace gatehouse::sqlite {

class Database::Queue {
 public:
  struct Item {
    SteadyTime deadline;
    Job job;
  };

  void push(SteadyTime deadline, Job job) {
    std::unique_lock lock(mutex_);
    if (!is_closing_ && items_.size() < limits::database_queue_max) {
      items_.push_back({deadline, std::move(job)});
      lock.unlock();  // or the thread that wakes up would only fall asleep at the lock
      wake_.notify_one();
      return;
    }
    const bool is_closing = is_closing_;
    lock.unlock();
    job.finish(is_closing ? unavailable("closing", "the database is closed") : unavailable("overloaded", "database queue is full"));
  }

  // Waits for work and takes a fair share of it: at most `count_max`, and no more than 1/`takers` rounded up.
  // Empty: closing, and nothing is left. Whenever nothing comes for `idle_after()`, on_idle() is called, unlocked.
  template <class IdleAfter, class OnIdle>
  std::vector<Item> pop(std::size_t count_max, std::size_t takers, IdleAfter idle_after, OnIdle on_idle) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, idle_after(), [this] { return has_news(); })) {
      lock.unlock();
      on_idle();
      lock.lock();
    }
    return take(lock, count_max, takers);
  }

  // The same without an idle hook.
  std::vector<Item> pop(std::size_t count_max, std::size_t takers) {
    std::unique_lock lock(mutex_);
    return take(lock, count_max, takers);
  }

  void close() {
    const std::lock_guard lock(mutex_);
    is_closing_ = true;
    wake_.notify_all();
  }

  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  [[nodiscard]] bool has_news() const { return is_closing_ || !items_.empty(); }

  std::vector<Item> take(std::unique_lock<std::mutex>& lock, std::size_t count_max, std::size_t takers) {
    wake_.wait(lock, [this] { return has_news(); });
    std::vector<Item> taken;
    const auto count = std::min(count_max, (items_.size() + takers - 1) / takers);
    taken.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return taken;
  }

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> items_;
  bool is_closing_ = false;
};

}  // namespace gatehouse::sqlite
