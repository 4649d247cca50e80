#include "runtime/timer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace gatehouse {

Async<bool> sleep_for(Milliseconds duration) {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) co_return false;
  auto executor = co_await asio::this_coro::executor;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer(
      executor, duration);
  const auto [error] = co_await timer.async_wait(asio::as_tuple(use_async));
  co_return !error;
}

}  // namespace gatehouse
