#include "drivers/sqlite/retention.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/id.h"
#include "events/wake.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::sqlite {
namespace {

// The least UUIDv7 of a moment: every id made before sorts below it, as text too.
std::string least_id(WallTime at) {
  Uuid id;
  auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_ms(at)));
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes[i] = static_cast<std::uint8_t>(ms);
  return id.str();
}

Task<std::int64_t> passed_by_all(std::vector<OutboxReader> readers) {
  auto passed = std::numeric_limits<std::int64_t>::max();
  for (const auto& reader : readers) {
    auto offset = co_await reader.store->load_offset(Call(), reader.consumer);
    if (!offset) co_return pass(offset);
    passed = std::min(passed, *offset);
  }
  co_return passed;
}

}  // namespace

Task<std::int64_t> trim_events(Database& database, Call call, WallTime before, std::int64_t passed, int limit) {
  auto job = [before, passed, limit](Connection& connection) {
    return connection.execute("DELETE FROM outbox WHERE offset IN (SELECT offset FROM outbox WHERE offset <= ?"
                              " AND offset < (SELECT max(offset) FROM outbox) AND occurred_at_ms < ?"
                              " ORDER BY offset LIMIT ?)",
                              passed, to_ms(before), limit);
  };
  co_return co_await database.write<std::int64_t>(call, job);
}

Task<std::int64_t> trim_claims(Database& database, Call call, WallTime before, int limit) {
  auto job = [oldest_kept = least_id(before), limit](Connection& connection) {
    return connection.execute("DELETE FROM inbox WHERE (consumer, event_id) IN (SELECT i.consumer, i.event_id"
                              " FROM consumer_offsets c JOIN inbox i ON i.consumer = c.consumer"
                              " WHERE i.event_id < ? LIMIT ?)",
                              oldest_kept, limit);
  };
  co_return co_await database.write<std::int64_t>(call, job);
}

Task<void> trim_once(Database& database, std::vector<OutboxReader> readers, WallTime now, RetentionOptions options) {
  auto passed = co_await passed_by_all(std::move(readers));
  if (!passed) co_return pass(passed);
  const auto before = now - options.keep;
  for (Result<std::int64_t> trimmed = options.rows_per_job; trimmed == options.rows_per_job;) {
    trimmed = co_await trim_events(database, Call(), before, *passed, options.rows_per_job);
    if (!trimmed) co_return pass(trimmed);
  }
  for (Result<std::int64_t> trimmed = options.rows_per_job; trimmed == options.rows_per_job;) {
    trimmed = co_await trim_claims(database, Call(), before, options.rows_per_job);
    if (!trimmed) co_return pass(trimmed);
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
