// SingleFlight: when many callers of one shard want the same key at once, one fill runs and all share its result.
//
// The fill belongs to the Scope, not to whoever came first: callers that give up or run out of time leave it
// running for the others. forget() lets the present fill finish for those who wait and starts a fresh one for
// whoever comes later: call it when the key has changed, so that nobody joins a fill that read too early.
// One shard's thread only. Must outlive its scope's tasks: close the scope first.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>

#include "runtime/call.h"
#include "runtime/scope.h"

namespace gatehouse {

template <class Key, class Value, class Hash = std::hash<Key>>
class SingleFlight {
 public:
  SingleFlight(Scope& scope, const Clock& clock) : scope_(scope), clock_(clock) {}

  // `fill` makes the Task<Value> and is called only when no fill of this key is under way. Besides what the fill
  // answers: DEADLINE_EXCEEDED when the call ran out of time, CANCELLED when it was cancelled,
  // UNAVAILABLE shutting_down when the scope is closing.
  template <class Fill>
  Task<Value> run(Call call, Key key, Fill fill) {
    std::shared_ptr<Flight> flight = find(key);
    if (!flight) {
      flight = std::make_shared<Flight>();
      flights_[key] = flight;
      Task<Value> task = fill();
      if (!scope_.spawn(fly(key, flight, std::move(task)))) {
        flights_.erase(key);
        co_return unavailable("shutting_down", "no new fill while the shard is closing");
      }
    }
    if (!flight->result) co_await wait(flight, call);
    if (flight->result) co_return *flight->result;
    if (call.is_expired(clock_.steady()))
      co_return fail(Code::deadline_exceeded, "deadline_exceeded", "The request took too long.");
    co_return fail(Code::cancelled, "cancelled", "The request was cancelled.");
  }

  // True when a fill was under way.
  bool forget(const Key& key) { return flights_.erase(key) > 0; }
  [[nodiscard]] std::size_t live() const { return flights_.size(); }

 private:
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
  struct Flight {
    std::optional<Result<Value>> result;
    std::list<Timer*> waiters;
  };
  // Keeps a waiter's timer listed for exactly as long as its coroutine stands there.
  struct Waiter {
    Waiter(std::shared_ptr<Flight> what, Timer& timer) : flight(std::move(what)) {
      at = flight->waiters.insert(flight->waiters.end(), &timer);
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { flight->waiters.erase(at); }
    std::shared_ptr<Flight> flight;
    typename std::list<Timer*>::iterator at;
  };

  std::shared_ptr<Flight> find(const Key& key) const {
    const auto found = flights_.find(key);
    return found == flights_.end() ? nullptr : found->second;
  }

  Async<void> fly(Key key, std::shared_ptr<Flight> flight, Task<Value> task) {
    // Closing the scope must not turn into an exception half way: a fill is short and ends by itself.
    co_await asio::this_coro::throw_if_cancelled(false);
    Result<Value> result = co_await std::move(task);
    flight->result.emplace(std::move(result));
    if (find(key) == flight) flights_.erase(key);
    for (Timer* waiter : flight->waiters) waiter->cancel();
  }

  Async<void> wait(std::shared_ptr<Flight> flight, Call call) {
    Timer timer(co_await asio::this_coro::executor);
    if (call.deadline == SteadyTime::max()) {
      timer.expires_at(SteadyTime::max());
    } else {
      timer.expires_after(call.deadline - clock_.steady());
    }
    const Waiter waiter(flight, timer);
    co_await timer.async_wait(asio::as_tuple(use_async));
  }

  Scope& scope_;
  const Clock& clock_;
  std::unordered_map<Key, std::shared_ptr<Flight>, Hash> flights_;
};

}  // namespace gatehouse
