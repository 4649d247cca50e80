#include "drivers/sqlite/retention.h"

#include <algorithm>
#include <limits>

#include "events/wake.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::sqlite {
namespace {

// Offsets grow as events are committed, and an event has its time from before.
constexpr auto clocks_differ = std::chrono::hours{1};

Task<std::int64_t> passed_by_all(std::vector<OutboxReader> readers) {
  auto passed = std::numeric_limits<std::int64_t>::max();
  for (const auto& reader : readers) {
    auto position = co_await reader.store->load_position(Call(), reader.consumer);
    if (!position) co_return pass(position);
    passed = std::min(passed, position->offset);
  }
  co_return passed;
}

// When the oldest event that is there occurred; the end of time when there is none.
Result<WallTime> oldest_event(Connection& connection) {
  auto row = connection.query("SELECT occurred_at_ms FROM outbox ORDER BY offset LIMIT 1");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return *has ? from_ms(row->integer(0)) : WallTime::max();
}

}  // namespace

Task<std::int64_t> trim_events(Database& database, Call call, WallTime before, std::int64_t passed, int limit) {
  auto job = [before, passed, limit](Connection& connection) {
    return connection.execute("DELETE FROM outbox WHERE offset IN (SELECT offset FROM outbox WHERE offset < ?"
                              " AND offset < (SELECT max(offset) FROM outbox) AND occurred_at_ms < ?"
                              " ORDER BY offset LIMIT ?)",
                              passed, to_ms(before), limit);
  };
  co_return co_await database.write<std::int64_t>(call, job);
}

Task<void> trim_once(Database& database, std::vector<OutboxReader> readers, WallTime now, RetentionOptions options) {
  auto passed = co_await passed_by_all(readers);
  if (!passed) co_return pass(passed);
  const auto before = now - options.keep;
  for (Result<std::int64_t> trimmed = options.rows_per_job; trimmed == options.rows_per_job;) {
    trimmed = co_await trim_events(database, Call(), before, *passed, options.rows_per_job);
    if (!trimmed) co_return pass(trimmed);
  }
  auto oldest = co_await database.read<WallTime>(Call(), oldest_event);
  if (!oldest) co_return pass(oldest);
  // A claim outlives its event: whoever reads it again does not do again what it asks for.
  const auto claims_before = std::min(before, *oldest - clocks_differ);
  for (const auto& reader : readers) {
    for (Result<std::int64_t> trimmed = options.rows_per_job; trimmed == options.rows_per_job;) {
      trimmed = co_await reader.store->trim_claims(Call(), reader.consumer, claims_before, options.rows_per_job);
      if (!trimmed) co_return pass(trimmed);
    }
  }
  co_return Done{};
}

Async<void> trim_on_schedule(Database& database, std::vector<OutboxReader> readers, const Clock& clock,
                             RetentionOptions options) {
  co_await events::stop_by_asking();
  while (co_await sleep_for(options.every)) {
    auto trimmed = co_await trim_once(database, readers, clock.wall(), options);
    if (!trimmed) log::failure("old events could not be trimmed", Call(), trimmed.error());
    if (co_await events::is_asked_to_stop()) co_return;
  }
}

}  // namespace gatehouse::sqlite
