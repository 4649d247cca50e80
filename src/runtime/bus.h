// Bus<Notice>: tells every shard something, and knows when all of them have heard it.
//
// Subscribe while wiring, before the shards start; publish from any shard. publish() completes after
// every subscriber has run on its own shard: this is what lets "revoked" mean "refused from the next
// request on" and "changed" mean "never the old value again" inside one process.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/offload.h"
#include "runtime/shard.h"

namespace gatehouse {

template <class Notice>
class Bus {
 public:
  using Listener = std::function<void(const Notice&)>;

  void subscribe(Shard& shard, Listener listener) { subscribers_.push_back({&shard, std::move(listener)}); }

  Task<void> publish(Notice notice) {
    auto start = [this, &notice](Completion<void> done) {
      auto round = std::make_shared<Round>(subscribers_.size(), std::move(notice), std::move(done));
      if (subscribers_.empty()) return round->done({});
      for (const auto& subscriber : subscribers_)
        subscriber.shard->post([round, listener = &subscriber.listener] {
          (*listener)(round->notice);
          if (round->left.fetch_sub(1) == 1) round->done({});
        });
    };
    co_return co_await offload<void>(std::move(start));
  }

 private:
  struct Subscriber {
    Shard* shard;
    Listener listener;
  };
  struct Round {
    Round(std::size_t count, Notice what, Completion<void> finish)
        : left(count), notice(std::move(what)), done(std::move(finish)) {}
    std::atomic<std::size_t> left;
    Notice notice;
    Completion<void> done;
  };
  std::vector<Subscriber> subscribers_;
};

}  // namespace gatehouse
