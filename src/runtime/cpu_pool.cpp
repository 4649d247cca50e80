#include "runtime/cpu_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace gatehouse {
namespace {

std::unexpected<Error> overloaded(std::string_view detail) { return unavailable("overloaded", detail, 1000); }

}  // namespace

CpuPool::CpuPool(CpuPoolOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {
  for (unsigned i = 0; i < std::max(1U, options_.threads); ++i) threads_.emplace_back([this] { work(); });
}

CpuPool::~CpuPool() { stop(); }

void CpuPool::submit(Job job) {
  job.deadline = std::min(job.deadline, clock_.steady() + options_.wait_max);
  std::unique_lock lock(mutex_);
  if (!stopping_ && queue_.size() < options_.queue_max) {
    queue_.push_back(std::move(job));
    lock.unlock();  // or the thread that wakes up would only fall asleep at the lock
    wake_.notify_one();
    return;
  }
  ++stats_.refused;
  lock.unlock();
  job.refuse(overloaded(options_.name + " queue is full").error());
}

void CpuPool::work() {
  ::pthread_setname_np(::pthread_self(), options_.name.substr(0, 15).c_str());
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), options_.nice);  // on Linux a nice value is per thread
  bool has_worked = false;
  for (;;) {
    Job job;
    bool is_expired = false;
    {
      std::unique_lock lock(mutex_);
      const auto has_news = [this] { return stopping_ || !queue_.empty(); };
      if (has_worked && options_.on_idle && !wake_.wait_for(lock, options_.idle_after, has_news)) {
        lock.unlock();
        options_.on_idle();
        has_worked = false;
        continue;
      }
      wake_.wait(lock, has_news);
      if (queue_.empty()) return;  // stopping, and nothing left to refuse
      job = std::move(queue_.front());
      queue_.pop_front();
      is_expired = stopping_ || clock_.steady() >= job.deadline;
      ++(is_expired ? stats_.expired : stats_.run);
    }
    if (is_expired) {
      job.refuse(overloaded(options_.name + " queue: waited too long").error());
      continue;
    }
    job.run();
    has_worked = true;
  }
}

CpuPool::Stats CpuPool::stats() const {
  const std::lock_guard lock(mutex_);
  auto stats = stats_;
  stats.queued = queue_.size();
  return stats;
}

void CpuPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

}  // namespace gatehouse
