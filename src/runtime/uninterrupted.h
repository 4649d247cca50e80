// uninterrupted(): for what must not end half-way. A task that has been cancelled meanwhile (its client is gone)
// still runs `task` to its end, and is ended at its next co_await after that. Only for tasks whose own waits are short.
#pragma once

#include <boost/asio/this_coro.hpp>
#include <utility>

#include "runtime/task.h"

namespace gatehouse {

template <class T>
Async<T> uninterrupted(Async<T> task) {
  const bool was_throwing = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  auto result = co_await std::move(task);
  co_await asio::this_coro::throw_if_cancelled(was_throwing);
  co_return result;
}

}  // namespace gatehouse
