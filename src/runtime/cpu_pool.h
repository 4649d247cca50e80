// CpuPool: threads for heavy work (Argon2), at lower scheduling priority than the shards.
//
// Bounded three ways: threads, queue length, and the time a job may wait before it is refused. A refused
// job costs nothing and answers `unavailable` (`overloaded`) with a retry-after; a job whose call has expired
// by the time a thread is free is dropped unrun. Any shard may submit; stop() runs what has started,
// refuses what waits, and joins.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "runtime/call.h"
#include "runtime/offload.h"

namespace gatehouse {

struct CpuPoolOptions {
  std::string name = "cpu";
  unsigned threads = 1;
  std::size_t queue_max = 256;
  Milliseconds wait_max{2000};
  int nice = 10;                         // added to the threads' nice value
  Milliseconds idle_after{5000};         // when a thread has had no work this long, on_idle runs on it
  std::function<void()> on_idle;         // to give memory back
};

class CpuPool {
 public:
  struct Stats {
    std::uint64_t run = 0, refused = 0, expired = 0;
    std::size_t queued = 0;
  };

  CpuPool(CpuPoolOptions options, const Clock& clock);
  ~CpuPool();
  CpuPool(const CpuPool&) = delete;
  CpuPool& operator=(const CpuPool&) = delete;

  // Runs `work` (a callable returning Result<T>) on a pool thread; resumes on the calling shard.
  template <class T, class Work>
  Task<T> run(Call call, Work work) {
    auto start = [this, &call, &work](Completion<T> done) {
      auto shared = std::make_shared<Completion<T>>(std::move(done));
      submit({.deadline = call.deadline,
              .run = [shared, work = std::move(work)]() mutable { (*shared)(work()); },
              .refuse = [shared](Error why) { (*shared)(std::unexpected(std::move(why))); }});
    };
    co_return co_await offload<T>(std::move(start));
  }

  [[nodiscard]] Stats stats() const;
  void stop();

 private:
  struct Job {
    SteadyTime deadline;
    std::function<void()> run;
    std::function<void(Error)> refuse;
  };
  void submit(Job job);
  void work();

  const CpuPoolOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  Stats stats_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gatehouse
