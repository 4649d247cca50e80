#include "app/watchdog.h"

#include <unistd.h>

#include "app/command_line.h"
#include "telemetry/log.h"

namespace gatehouse::app {

Watchdog::Watchdog(Milliseconds patience) : thread_([this, patience] { watch(patience); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  ended_.notify_one();
  thread_.join();
}

void Watchdog::watch(Milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (ended_.wait_for(lock, patience, [this] { return is_over_; })) return;
  log::error("stopping hangs: ending without it");
  log::flush();
  ::_exit(static_cast<int>(Exit::failed));
}

}  // namespace gatehouse::app
