// How many password attempts are allowed, and when the next one is: a pure state machine behind whatever stores it.
//
// An attempt is decided upon before the password is looked at, as if all those had failed that are being looked at at
// the moment (in_flight.h); it is counted when it has failed. Two entries guard each attempt: one for (account, source), one for the source alone; a third one, for (typed
// name, source), where somebody typed one of the account's names. Past its free failures
// an entry makes the next attempt wait 1 s, 2 s, 4 s … at most an hour (a source, which many people may share: a
// minute); time forgives failures one by one. There is no lock that a stranger can cause: other sources of the same
// account do not wait, and no wait is longer than the rule's maximum, whatever the clock does.
//
// Wall time, because entries outlive the process. When the clock has been set back, an entry is moved to the present:
// its wait starts again and stays within the maximum. When it has been set forward, waits end early by that much.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/limits.h"

namespace gatehouse::credential::lockout {

struct Rule {
  std::uint32_t free_failures;  // attempts without any wait
  Milliseconds delay_max;
  Milliseconds forgiven_after;  // one failure each
};

inline constexpr Rule account_source_rule{limits::attempts_free_per_account, Milliseconds{limits::account_delay_max_ms},
                                          Milliseconds{limits::account_failure_forgiven_ms}};
inline constexpr Rule source_rule{limits::attempts_free_per_source, Milliseconds{limits::source_delay_max_ms},
                                  Milliseconds{limits::source_failure_forgiven_ms}};

struct Entry {
  std::uint32_t failures = 0;
  WallTime forgiven_at{};      // forgiveness is counted from here
  WallTime last_at{};          // the latest counted attempt
  bool operator==(const Entry&) const = default;
};

// What `failures` make the next attempt wait, counted from the latest one.
[[nodiscard]] Milliseconds delay_after(std::uint32_t failures, const Rule& rule);

// The entry as it stands at `now`: failures that time has forgiven are gone, and nothing lies in the future.
[[nodiscard]] Entry at(Entry entry, const Rule& rule, WallTime now);

// How long until the next attempt is let through; zero: now. `entry` is as at() made it.
[[nodiscard]] Milliseconds wait_of(const Entry& entry, const Rule& rule, WallTime now);

struct Guard {
  Entry account_source;
  Entry source;
  std::optional<Entry> typed;  // (typed name, source)
};

// Who must wait is told so by the typed name's entry and the source's. The account's own is not to be seen through
// another of its names, or guessing at one would tell that the other is the same person's: where it alone says wait,
// the attempt is let through blind, and fails like any other without a look at the password.
struct Decision {
  Milliseconds wait{0};
  bool is_blind = false;
  [[nodiscard]] bool is_admitted() const { return wait == Milliseconds{0}; }
};

// How many attempts are being verified beside this one, by entry.
struct Others {
  std::uint32_t account_source = 0, source = 0, typed = 0;
};

// Brings the entries up to `now` and decides; counts nothing.
[[nodiscard]] Decision decide(Guard& guard, const Others& others, WallTime now);

// The attempt turned out wrong.
void fail(Guard& guard, WallTime now);

// It turned out right: the account's failures from this source are forgotten.
void succeed(Guard& guard);

// Whether a success has nothing to forget.
[[nodiscard]] bool is_clean(const Guard& guard);

// Whether an entry lies in the future: the clock has been set back, and what decide() made of it must be kept, or the
// wait would begin anew with every attempt.
[[nodiscard]] bool is_ahead(const Guard& guard, WallTime now);

}  // namespace gatehouse::credential::lockout
