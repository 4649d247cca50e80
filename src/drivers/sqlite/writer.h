// The writer thread's mind: turns a batch of jobs into one transaction. On the writer thread only; the counters are
// read by others.
#pragma once

#include <atomic>
#include <mutex>

#include "drivers/sqlite/job_queue.h"

namespace gatehouse::sqlite {

class Database::Writer {
 public:
  Writer(std::unique_ptr<Connection> connection, std::string name, const Clock& clock)
      : connection_(std::move(connection)), name_(std::move(name)), clock_(clock) {}

  // Runs, commits and finishes the batch; every job is finished exactly once.
  void run(std::vector<Queue::Item> batch);
  // Moves what the write-ahead log holds into the file and empties it, if anything was written since the last time.
  // Old versions of pages live on in the log until then, erased ones too: secure_delete does not reach them.
  // A reader that is in the way is not waited for; it is tried again soon when anything was erased.
  void empty_log();
  [[nodiscard]] Milliseconds quiet_before_emptying() const;  // how long nothing must come before empty_log()
  void close();
  void on_event_commit(std::function<void()> wake);

  std::atomic<std::uint64_t> commits{0}, writes{0}, failed_commits{0};

 private:
  void drop_expired(std::vector<Queue::Item>& batch) const;
  Done run_in_transaction(std::vector<Queue::Item>& batch);
  Done run_in_savepoint(Job& job);
  Done run_alone(Job& job);
  [[nodiscard]] bool is_transaction_lost() const;
  void note(const Done& committed);
  void wake_event_readers();
  bool checkpoint();

  std::unique_ptr<Connection> connection_;
  const std::string name_;
  const Clock& clock_;
  bool is_failing_ = false;
  bool is_log_empty_ = true;
  bool has_erased_ = false;  // and the log may still hold it
  bool is_held_up_ = false;  // a reader was in the way the last time
  SteadyTime next_try_{};
  std::mutex wakes_mutex_;
  std::vector<std::function<void()>> wakes_;
};

}  // namespace gatehouse::sqlite
