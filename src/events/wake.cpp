#include "events/wake.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace gatehouse::events {

void Wake::notify() {
  if (has_news_.exchange(true)) return;
  asio::post(executor_, [self = shared_from_this()] { self->timer_.cancel(); });
}

Async<void> Wake::wait(Milliseconds longest) {
  if (!has_news_.load()) {
    timer_.expires_after(longest);
    co_await timer_.async_wait(asio::as_tuple(use_async));
  }
  has_news_.store(false);  // before the sleeper looks: news from now on is for its next wait
}

Async<void> stop_by_asking() { co_await asio::this_coro::throw_if_cancelled(false); }

Async<bool> is_asked_to_stop() {
  const auto state = co_await asio::this_coro::cancellation_state;
  co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace gatehouse::events
