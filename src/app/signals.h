// The signals that end the process, taken by the main thread instead of a handler. Block them before the first thread
// starts: threads inherit the mask.
#pragma once

#include <csignal>

namespace gatehouse::app {

class Signals {
 public:
  // Blocks SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE.
  Signals();
  // Waits for the next one.
  int wait();
  // True when one has come meanwhile.
  [[nodiscard]] bool has_come();

 private:
  sigset_t set_{};
};

}  // namespace gatehouse::app
