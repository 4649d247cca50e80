// Shard: one event loop, one thread, and everything that lives on it. Shards share nothing; what one
// must tell another goes through post() or a Bus.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <optional>
#include <thread>

#include "runtime/task.h"

namespace gatehouse {

class Shard {
 public:
  explicit Shard(unsigned index);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  void start();  // begins running the loop on a thread of its own
  void stop();   // lets the loop end once it has no work left, and joins the thread; idempotent

  [[nodiscard]] unsigned index() const { return index_; }
  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] Executor executor() { return io_.get_executor(); }

  // Runs `work` on this shard's thread, in order of posting per poster. Any thread may call.
  template <class Work>
  void post(Work&& work) {
    asio::post(io_, std::forward<Work>(work));
  }

 private:
  unsigned index_;
  asio::io_context io_{1};
  std::optional<asio::executor_work_guard<Executor>> work_;
  std::thread thread_;
};

}  // namespace gatehouse
