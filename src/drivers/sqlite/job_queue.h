// The queue in front of a database thread: bounded, with the deadline of each job. Any thread pushes; the
// database's own threads pop.
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
    bool is_closing = false;
    {
      const std::lock_guard lock(mutex_);
      is_closing = is_closing_;
      if (!is_closing && items_.size() < limits::database_queue_max) {
        items_.push_back({deadline, std::move(job)});
        wake_.notify_one();
        return;
      }
    }
    job.finish(is_closing ? unavailable("closing", "the database is closed") : unavailable("overloaded", "database queue is full"));
  }

  // Waits for work and takes a fair share of it: at most `count_max`, and no more than 1/`takers` rounded up.
  // Empty: closing, and nothing is left.
  std::vector<Item> pop(std::size_t count_max, std::size_t takers) {
    std::vector<Item> taken;
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return is_closing_ || !items_.empty(); });
    const auto count = std::min(count_max, (items_.size() + takers - 1) / takers);
    taken.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    return taken;
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
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Item> items_;
  bool is_closing_ = false;
};

}  // namespace gatehouse::sqlite
