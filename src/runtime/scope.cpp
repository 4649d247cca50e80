#include "runtime/scope.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "base/ensure.h"

namespace gatehouse {

Scope::Scope(Executor executor) : executor_(executor), emptied_(executor, SteadyTime::max()) {}

Scope::~Scope() { ensure(tasks_.empty(), "a Scope was destroyed while its tasks were running"); }

bool Scope::spawn(Async<void> task) {
  if (closing_) return false;
  tasks_.emplace_front();
  const auto self = tasks_.begin();
  auto on_end = [this, self](std::exception_ptr thrown) {
    tasks_.erase(self);
    if (tasks_.empty()) emptied_.cancel();
    if (thrown) std::rethrow_exception(thrown);  // only a bug throws out of a task: let it end the process
  };
  asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(self->slot(), std::move(on_end)));
  return true;
}

void Scope::cancel_all() {
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    auto& signal = *it++;  // emitting may end the task and erase its entry
    signal.emit(asio::cancellation_type::terminal);
  }
}

Async<void> Scope::close(Stop how) {
  closing_ = true;
  if (how == Stop::cancel) cancel_all();
  while (!tasks_.empty()) co_await emptied_.async_wait(asio::as_tuple(use_async));
}

}  // namespace gatehouse
