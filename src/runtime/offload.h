// offload(): hands a job to another thread and resumes the awaiting task on its own shard.
//
// `start` is called at once with a completion; whoever holds the completion calls it exactly once, from
// any thread, with the Result. A completion that is destroyed uncalled resumes the task with `internal`,
// so that a lost job is an error and not a hang.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <memory>
#include <optional>

#include "runtime/task.h"

namespace gatehouse {

template <class T>
class Completion {
 public:
  Completion() = default;
  void operator()(Result<T> result) {
    auto waiter = std::move(waiter_);
    if (waiter) waiter->resume(std::move(result));
  }
  Completion(Completion&&) noexcept = default;
  Completion& operator=(Completion&&) noexcept = default;
  ~Completion() {
    if (waiter_) waiter_->resume(internal("a job was dropped before it ran"));
  }

 private:
  struct Waiter {
    virtual ~Waiter() = default;
    virtual void resume(Result<T> result) = 0;
  };
  template <class Handler>
  struct WaiterOf final : Waiter {
    WaiterOf(Handler handler, Executor executor) : handler_(std::move(handler)), work_(std::move(executor)) {}
    void resume(Result<T> result) override {
      auto executor = work_.get_executor();
      asio::post(executor, [handler = std::move(handler_), result = std::move(result)]() mutable {
        std::move(handler)(std::move(result));
      });
      work_.reset();
    }
    Handler handler_;
    asio::executor_work_guard<Executor> work_;
  };
  explicit Completion(std::unique_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
  template <class U, class Start>
  friend Task<U> offload(Start start);

  std::unique_ptr<Waiter> waiter_;
};

template <class T, class Start>
Task<T> offload(Start start) {
  auto executor = co_await asio::this_coro::executor;
  auto initiate = [executor, &start](auto handler) {
    using Handler = decltype(handler);
    using WaiterType = typename Completion<T>::template WaiterOf<Handler>;
    start(Completion<T>(std::make_unique<WaiterType>(std::move(handler), executor)));
  };
  co_return co_await asio::async_initiate<decltype(use_async), void(Result<T>)>(initiate, use_async);
}

}  // namespace gatehouse
