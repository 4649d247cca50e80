#include "events/consumer.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <atomic>

#include "events/delivery.h"
#include "events/wake.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::events {
namespace {

constexpr Milliseconds store_timeout{30'000};

std::string described(const Error& why) {
  return std::string(name_of(why.code)) + " " + why.reason + (why.detail.empty() ? "" : ": ") + why.detail;
}

}  // namespace

// One consumer's task and what it owns. Everything but wake and must_reload is the shard's.
struct Consumer::State {
  State(ConsumerOptions with, EventLog& from, DeliveryStore& memory, Handler& to, const Clock& time, Random& chance,
        telemetry::Metrics& metrics);

  Async<void> run(std::shared_ptr<State> self);
  Task<bool> work();
  Task<void> load();
  Task<Position> find_position();
  Task<int> retry_due();
  Task<int> read_on();
  Task<void> deliver_read(LoggedEvent logged);
  Task<bool> attempt(ParkedEvent tried);
  Async<Result<void>> call_handler(const Event& event);
  Task<void> settle_failure(ParkedEvent tried, Error why, bool was_parked);
  void note_back_pressure();
  void note_lag(const std::vector<LoggedEvent>& read);
  [[nodiscard]] Now now() const { return {clock.wall(), clock.steady()}; }
  [[nodiscard]] Call store_call() const;
  [[nodiscard]] Milliseconds longest_sleep() const;

  const ConsumerOptions options;
  EventLog& log;
  DeliveryStore& store;
  Handler& handler;
  const Clock& clock;
  Random& random;
  prometheus::Counter &delivered, &failed, &died;
  prometheus::Gauge &parked_events, &lag_seconds;
  std::shared_ptr<Wake> wake;
  std::atomic<bool> must_reload{false};
  std::optional<Delivery> delivery;      // empty: to be loaded, at the start and after the store failed
  std::vector<ParkedEvent> newly_parked;  // since the offset was saved last
  bool is_reading = true;                 // false: full, and said so
};

Consumer::State::State(ConsumerOptions with, EventLog& from, DeliveryStore& memory, Handler& to, const Clock& time,
                       Random& chance, telemetry::Metrics& metrics)
    : options(std::move(with)),
      log(from),
      store(memory),
      handler(to),
      clock(time),
      random(chance),
      delivered(metrics.counter("gatehouse_events_delivered_total", "Events handled.", {{"consumer", options.name}})),
      failed(metrics.counter("gatehouse_events_failed_total", "Tries that failed.", {{"consumer", options.name}})),
      died(metrics.counter("gatehouse_events_dead_total", "Events that became dead letters.", {{"consumer", options.name}})),
      parked_events(metrics.gauge("gatehouse_events_parked", "Events waiting to be tried again.", {{"consumer", options.name}})),
      lag_seconds(metrics.gauge("gatehouse_events_lag_seconds", "Age of the oldest event not read yet.", {{"consumer", options.name}})) {}

Call Consumer::State::store_call() const { return Call{.deadline = clock.steady() + store_timeout}; }

Async<void> Consumer::State::run(std::shared_ptr<State> self) {
  co_await stop_by_asking();
  while (!co_await is_asked_to_stop()) {
    const auto worked = co_await work();
    if (delivery) parked_events.Set(static_cast<double>(delivery->parked_count()));
    if (!worked) {
      // What is in memory may be ahead of what is stored: begin again from there, as after a crash.
      log::write(log::Level::warn, "a consumer cannot reach its storage",
                 {{"consumer", options.name}, {"reason", worked.error().reason}, {"detail", worked.error().detail}});
      delivery.reset();
      if (!co_await is_asked_to_stop()) co_await sleep_for(options.store_pause);
      continue;
    }
    if (*worked) continue;
    if (!co_await is_asked_to_stop()) co_await wake->wait(longest_sleep());
  }
}

Milliseconds Consumer::State::longest_sleep() const {
  const auto due = delivery->until_due(now());
  return due ? std::min(*due, options.poll) : options.poll;
}

// True: there may be more to do at once.
Task<bool> Consumer::State::work() {
  if (must_reload.exchange(false)) delivery.reset();
  if (!delivery) {
    auto loaded = co_await load();
    if (!loaded) co_return pass(loaded);
  }
  auto retried = co_await retry_due();
  if (!retried) co_return pass(retried);
  auto read = co_await read_on();
  if (!read) co_return pass(read);
  co_return *retried + *read > 0;
}

Task<void> Consumer::State::load() {
  auto position = co_await find_position();
  if (!position) co_return pass(position);
  auto parked = co_await store.load_parked(store_call(), options.name);
  if (!parked) co_return pass(parked);
  const DeliveryOptions rules{.attempts_max = options.attempts_max,
                              .backoff_min = options.backoff_min,
                              .backoff_max = options.backoff_max,
                              .parked_max = options.parked_max};
  newly_parked.clear();
  delivery.emplace(rules, position->offset, std::move(*parked), now());
  co_return Done{};
}

Task<Position> Consumer::State::find_position() {
  auto position = co_await store.load_position(store_call(), options.name);
  if (!position || position->offset == 0) co_return position;
  auto is_held = co_await log.holds(store_call(), *position);
  if (!is_held) co_return pass(is_held);
  if (*is_held) co_return position;
  log::error("a consumer does not find the event that it read last, for a database was put back from a backup; it begins "
             "again with the oldest event there is",
             {{"consumer", options.name}, {"topic", std::string(log.topic())}, {"offset", position->offset}, {"event_id", position->event_id}});
  auto begun = co_await store.begin_again(store_call(), options.name);
  if (!begun) co_return pass(begun);
  co_return Position{};
}

// Tries what is due, a batch at most, so that reading gets its turn.
Task<int> Consumer::State::retry_due() {
  int tried = 0;
  while (tried < options.batch) {
    if (co_await is_asked_to_stop()) break;
    auto due = delivery->due(now());
    if (!due) break;
    ++tried;
    auto succeeded = co_await attempt(*due);
    if (!succeeded) co_return pass(succeeded);
    if (!*succeeded) continue;
    delivery->on_success(*due);
    auto removed = co_await store.remove_parked(store_call(), options.name, due->logged.offset);
    if (!removed) co_return pass(removed);
  }
  co_return tried;
}

Task<int> Consumer::State::read_on() {
  note_back_pressure();
  if (delivery->is_full()) co_return 0;
  auto read = co_await log.read(store_call(), delivery->offset(), options.batch);
  if (!read) co_return pass(read);
  note_lag(*read);
  int handled = 0;
  Position reached;
  for (auto& logged : *read) {
    if (delivery->is_full()) break;
    if (co_await is_asked_to_stop()) break;
    reached = {logged.offset, logged.event.event_id};
    auto done = co_await deliver_read(std::move(logged));
    if (!done) co_return pass(done);
    delivery->read_to(reached.offset);
    ++handled;
  }
  if (handled == 0) co_return 0;
  auto parked = std::move(newly_parked);
  newly_parked.clear();
  auto saved = co_await store.save_position(store_call(), options.name, std::move(reached), std::move(parked));
  if (!saved) co_return pass(saved);
  co_return handled;
}

Task<void> Consumer::State::deliver_read(LoggedEvent logged) {
  if (delivery->has_to_wait(logged)) {
    newly_parked.push_back(delivery->wait_behind(std::move(logged), now()));
    co_return Done{};
  }
  ParkedEvent fresh{.logged = std::move(logged)};
  auto succeeded = co_await attempt(fresh);
  if (!succeeded) co_return pass(succeeded);
  co_return Done{};
}

// Whether the handler took the event; an error is the store's.
Task<bool> Consumer::State::attempt(ParkedEvent tried) {
  const bool was_parked = delivery->is_parked(tried.logged.offset);
  auto handled = co_await call_handler(tried.logged.event);
  if (handled) {
    delivered.Increment();
    co_return true;
  }
  failed.Increment();
  auto settled = co_await settle_failure(std::move(tried), std::move(handled).error(), was_parked);
  if (!settled) co_return pass(settled);
  co_return false;
}

Async<Result<void>> Consumer::State::call_handler(const Event& event) {
  Call call{.deadline = clock.steady() + options.handler_timeout};
  call.correlation_id = std::string_view(event.correlation_id);
  call.trace_parent = std::string_view(event.trace_parent);
  try {
    auto copy = event;
    co_return co_await handler.handle(call, std::move(copy));
  } catch (const std::exception& thrown) {  // a bug in one handler parks one event, and does not end the process
    co_return internal(thrown.what());
  }
}

Task<void> Consumer::State::settle_failure(ParkedEvent tried, Error why, bool was_parked) {
  auto verdict = delivery->on_failure(std::move(tried), why.code, now(), random);
  const auto& event = verdict.event.logged.event;
  log::write(verdict.is_dead ? log::Level::error : log::Level::warn,
             verdict.is_dead ? "an event became a dead letter" : "an event could not be handled",
             {{"consumer", options.name},
              {"event_id", event.event_id},
              {"event_type", event.event_type},
              {"attempts", std::int64_t{verdict.event.attempts}},
              {"correlation_id", event.correlation_id},
              {"reason", why.reason},
              {"detail", why.detail}});
  if (verdict.is_dead) {
    died.Increment();
    DeadLetter letter{.consumer = options.name,
                      .topic = std::string(log.topic()),
                      .logged = std::move(verdict.event.logged),
                      .attempts = verdict.event.attempts,
                      .last_error = described(why),
                      .died_at = clock.wall()};
    co_return co_await store.bury(store_call(), std::move(letter));
  }
  if (was_parked) co_return co_await store.update_parked(store_call(), options.name, std::move(verdict.event), described(why));
  newly_parked.push_back(std::move(verdict.event));
  co_return Done{};
}

void Consumer::State::note_back_pressure() {
  if (delivery->is_full() != is_reading) return;
  is_reading = !is_reading;
  log::write(is_reading ? log::Level::info : log::Level::error,
             is_reading ? "a consumer reads on" : "a consumer stopped reading: too many of its events are parked",
             {{"consumer", options.name}, {"parked", static_cast<std::int64_t>(delivery->parked_count())}});
}

void Consumer::State::note_lag(const std::vector<LoggedEvent>& read) {
  const auto age = read.empty() ? Milliseconds{0} : clock.wall() - read.front().event.occurred_at;
  lag_seconds.Set(std::max(0.0, static_cast<double>(age.count()) / 1000));
}

Consumer::Consumer(ConsumerOptions options, EventLog& log, DeliveryStore& store, Handler& handler, const Clock& clock,
                   Random& random, telemetry::Metrics& metrics)
    : state_(std::make_shared<State>(std::move(options), log, store, handler, clock, random, metrics)) {}

Consumer::~Consumer() = default;

void Consumer::start(Shard& shard, Scope& scope) {
  state_->wake = std::make_shared<Wake>(shard.executor());
  state_->log.on_append([wake = std::weak_ptr(state_->wake)] {
    if (const auto alive = wake.lock()) alive->notify();
  });
  scope.spawn(state_->run(state_));
}

void Consumer::wake() {
  if (!state_->wake) return;
  state_->must_reload.store(true);
  state_->wake->notify();
}

}  // namespace gatehouse::events
