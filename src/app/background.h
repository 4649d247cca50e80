// Background: the jobs that no request asked for, all in one Scope on shard 0: the consumers of events, mail, key
// rotation, clean-ups, and the samples that GET /metrics shows of pools and databases.
//
// Built on the main thread before shard 0 runs; start() and close() on shard 0's thread.
#pragma once

#include <memory>
#include <vector>

#include "app/platform.h"
#include "drivers/sqlite/retention.h"
#include "events/consumer.h"
#include "events/log.h"
#include "notification/wire.h"
#include "runtime/scope.h"

namespace gatehouse::app {

// Where one consumer keeps its dead letters, for the operator.
struct DeadLetterBox {
  std::string consumer;
  events::DeliveryStore* store = nullptr;
  events::Consumer* consuming = nullptr;  // null when nothing runs: a replayed event waits for the next start
};

class Background {
 public:
  Background(Platform& platform, Shard& shard, Roles& roles);
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Another job for the scope, before start().
  void add(Async<void> job) { jobs_.push_back(std::move(job)); }
  void start();
  // Ends every job between two steps, and returns when the last one has ended.
  Async<void> close() { return scope_.close(Scope::Stop::cancel); }

  [[nodiscard]] std::vector<DeadLetterBox> dead_letters() const;

 private:
  struct Consuming {
    ConsumerStore remembered;
    std::unique_ptr<events::Handler> handler;
    std::unique_ptr<events::Consumer> consumer;
  };
  [[nodiscard]] std::unique_ptr<events::Handler> make_handler(std::string_view consumer) const;
  [[nodiscard]] std::vector<sqlite::OutboxReader> readers_of(std::string_view role) const;

  Platform& platform_;
  Shard& shard_;
  Roles& roles_;
  const notification::Parts notification_parts_;
  std::unique_ptr<events::EventLog> identity_events_, credential_events_;
  std::vector<Consuming> consuming_;
  std::vector<Async<void>> jobs_;
  Scope scope_;
};

}  // namespace gatehouse::app
