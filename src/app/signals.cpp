#include "app/signals.h"

#include <pthread.h>

#include <cerrno>
#include <initializer_list>

namespace gatehouse::app {

Signals::Signals() {
  ::sigemptyset(&set_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set_, signal);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int Signals::wait() {
  for (;;) {
    const int signal = ::sigwaitinfo(&set_, nullptr);
    if (signal > 0 || errno != EINTR) return signal;
  }
}

bool Signals::has_come() {
  const timespec now{};
  return ::sigtimedwait(&set_, nullptr, &now) > 0;
}

}  // namespace gatehouse::app
