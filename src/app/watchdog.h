// Watchdog: ends the program when stopping takes too long, because a disk hangs and a thread with it, which nothing else
// can end. What was acknowledged is on the disk, and the next start finds it there.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.h"

namespace gatehouse::app {

class Watchdog {
 public:
  explicit Watchdog(Milliseconds patience);
  ~Watchdog();  // it was in time
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void watch(Milliseconds patience);

  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace gatehouse::app
