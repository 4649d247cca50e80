#include "runtime/scope.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

#include "base/ensure.h"

namespace gatehouse {
namespace {

// How asio ends a task that was cancelled: an exception out of its next co_await.
bool is_cancellation(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    return error.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

}  // namespace

Scope::Scope(Executor executor) : executor_(executor), emptied_(executor, SteadyTime::max()) {}

Scope::~Scope() { ensure(tasks_.empty(), "a Scope was destroyed while its tasks were running"); }

bool Scope::spawn(Async<void> task) {
  if (closing_) return false;
  tasks_.emplace_front();
  run(std::move(task));
  return true;
}

void Scope::run(Async<void> task) {
  const auto self = tasks_.begin();
  auto on_end = [this, self](std::exception_ptr thrown) {
    tasks_.erase(self);
    if (tasks_.empty()) emptied_.cancel();
    if (thrown && !is_cancellation(thrown)) std::rethrow_exception(thrown);  // only a bug does: let it end the process
  };
  asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(self->slot(), std::move(on_end)));
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
