// Consumer: reads one topic in order and delivers every event to a handler at least once; the handler claims the
// event id in its own transaction (drivers/sqlite/inbox.h), so that the effect happens once.
//
// A handler that fails has its event parked and tried again with backoff; later events of the same subject
// wait behind it, other subjects go on. After `attempts_max` tries, or at once when the error is
// INVALID_ARGUMENT or NOT_FOUND … (see delivery.h), the event becomes a dead letter: kept, shown by
// `gatehouse events dead list`, and delivered again by `… dead replay`; its subject goes on. Tries that failed because
// something was away (UNAVAILABLE …) do not count: an outage makes no dead letters, it parks until the consumer is full.
// Whoever replays a dead letter wakes its consumer.
//
// A consumer that does not find in the log the event that it read last stands before another log than the one it knows:
// one of the two was put back from a backup. It says so and begins again with the oldest event, so that none is
// skipped; those it had handled before are claimed already. The log keeps the event that a consumer stands at.
//
// What to do next is decided by the pure machine in events/delivery.h; this class waits and calls.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/random.h"
#include "events/log.h"
#include "runtime/scope.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::events {

class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<void> handle(Call call, Event event) = 0;
};

struct DeadLetter {
  std::int64_t id = 0;
  std::string consumer, topic;
  LoggedEvent logged;
  std::uint32_t attempts = 0;
  std::string last_error;
  WallTime died_at{};
};

struct ParkedEvent {
  LoggedEvent logged;
  std::uint32_t attempts = 0;  // tries that count
  std::uint32_t waits = 0;     // tries that found something away
  WallTime next_at{};
};

// What a consumer remembers, in its own database.
class DeliveryStore {
 public:
  virtual ~DeliveryStore() = default;
  virtual Task<Position> load_position(Call call, std::string consumer) = 0;
  // Saves how far the consumer has read together with what it parked on the way, in one transaction.
  virtual Task<void> save_position(Call call, std::string consumer, Position position, std::vector<ParkedEvent> parked) = 0;
  // Back to offset 0, of another log. What is parked or dead stays, at offsets that no log uses.
  virtual Task<void> begin_again(Call call, std::string consumer) = 0;
  // Forgets up to `limit` claims of events made before `before` (an event id begins with its time); tells how many.
  virtual Task<std::int64_t> trim_claims(Call call, std::string consumer, WallTime before, int limit) = 0;
  virtual Task<std::vector<ParkedEvent>> load_parked(Call call, std::string consumer) = 0;
  virtual Task<void> update_parked(Call call, std::string consumer, ParkedEvent parked, std::string error) = 0;
  virtual Task<void> remove_parked(Call call, std::string consumer, std::int64_t offset) = 0;
  virtual Task<void> bury(Call call, DeadLetter letter) = 0;  // parked → dead, or straight to dead
  virtual Task<std::vector<DeadLetter>> list_dead(Call call, std::string consumer, int limit) = 0;  // "" = all
  // Moves a dead letter back to the parked events, due now. NOT_FOUND dead_letter_not_found.
  virtual Task<void> replay_dead(Call call, std::int64_t id, WallTime now) = 0;
};

struct ConsumerOptions {
  std::string name;  // "notification.welcome"
  std::uint32_t attempts_max = limits::event_attempts_max;
  Milliseconds backoff_min{200};
  Milliseconds backoff_max{60'000};
  Milliseconds poll{1000};  // backstop when a wake-up was missed
  int batch = 64;
  std::size_t parked_max = limits::events_parked_max;
  Milliseconds handler_timeout{30'000};
  Milliseconds store_pause{1'000};  // after the store failed, before beginning again from what it holds
};

class Consumer {
 public:
  Consumer(ConsumerOptions options, EventLog& log, DeliveryStore& store, Handler& handler, const Clock& clock,
           Random& random, telemetry::Metrics& metrics);
  ~Consumer();
  // Starts on `shard`; its task belongs to `scope`, whose close(cancel) ends it between two events.
  void start(Shard& shard, Scope& scope);
  // Looks at once for new events and for what others parked (a replayed dead letter). Any thread, once started.
  void wake();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::events
