// Delivery: decides what a consumer does next. A pure state machine: it is told what was read, what came of it and
// what time it is, and never waits, stores or calls. One consumer's task owns it.
//
// Every subject is a lane. An event that fails is parked at the head of its lane and tried again with exponential
// backoff; later events of the lane wait behind it in log order; other lanes go on. An event dies
//  - at once when trying again cannot help: INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, OUT_OF_RANGE, UNIMPLEMENTED;
//  - after attempts_max failures otherwise, except those that say something is away (UNAVAILABLE, DEADLINE_EXCEEDED,
//    RESOURCE_EXHAUSTED, CANCELLED): an outage may last, and must not turn a whole topic into dead letters.
// With parked_max events parked the consumer reads no further: the log keeps the rest.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "events/consumer.h"

namespace gatehouse::events {

// What an error says about trying again.
enum class Outlook : std::uint8_t { hopeless, poisoned, away };
[[nodiscard]] Outlook outlook_of(Code code);

struct DeliveryOptions {
  std::uint32_t attempts_max = limits::event_attempts_max;
  Milliseconds backoff_min{200};
  Milliseconds backoff_max{60'000};
  std::size_t parked_max = limits::events_parked_max;
};

// Both clocks: what is stored is wall time, what is waited for is steady, so that a stepped clock delays nothing
// while the process lives, and at most backoff_max across a restart.
struct Now {
  WallTime wall;
  SteadyTime steady;
};

class Delivery {
 public:
  Delivery(DeliveryOptions options, std::int64_t offset, std::vector<ParkedEvent> parked, Now now);

  [[nodiscard]] std::int64_t offset() const { return offset_; }
  void read_to(std::int64_t offset) { offset_ = offset; }
  [[nodiscard]] bool is_full() const { return parked_.size() >= options_.parked_max; }
  [[nodiscard]] std::size_t parked_count() const { return parked_.size(); }
  [[nodiscard]] bool is_parked(std::int64_t offset) const { return parked_.contains(offset); }

  // Whether an earlier event of the same subject is parked; then wait_behind() parks this one without a try.
  [[nodiscard]] bool has_to_wait(const LoggedEvent& logged) const { return lanes_.contains(logged.event.subject); }
  ParkedEvent wait_behind(LoggedEvent logged, Now now);

  // The parked event whose turn it is, and how long until there is one.
  [[nodiscard]] std::optional<ParkedEvent> due(Now now) const;
  [[nodiscard]] std::optional<Milliseconds> until_due(Now now) const;

  // What came of a try, of an event just read (attempts 0) or of a parked one.
  void on_success(const ParkedEvent& tried);
  struct Verdict {
    bool is_dead = false;
    ParkedEvent event;  // with its counts and, unless dead, the time of the next try
  };
  [[nodiscard]] Verdict on_failure(ParkedEvent tried, Code code, Now now, Random& random);

 private:
  struct Entry {
    ParkedEvent event;
    SteadyTime due;
  };
  using Lane = std::set<std::int64_t>;
  void put(ParkedEvent event, SteadyTime due);
  void remove(const LoggedEvent& logged);
  void list_head(const Lane& lane) { heads_.insert({parked_.at(*lane.begin()).due, *lane.begin()}); }
  void unlist_head(const Lane& lane) { heads_.erase({parked_.at(*lane.begin()).due, *lane.begin()}); }
  [[nodiscard]] Milliseconds backoff(std::uint32_t tries, Random& random) const;

  DeliveryOptions options_;
  std::int64_t offset_;
  std::map<std::int64_t, Entry> parked_;
  std::map<std::string, Lane, std::less<>> lanes_;
  std::set<std::pair<SteadyTime, std::int64_t>> heads_;  // the first of each lane, by when it is due
};

}  // namespace gatehouse::events
