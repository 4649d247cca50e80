// Retention: old events leave the outbox once every consumer has read past them, and then their claims leave the inboxes
// of those consumers. One background task per database, on a shard, owned by a Scope of the process.
#pragma once

#include <vector>

#include "drivers/sqlite/database.h"
#include "events/consumer.h"

namespace gatehouse::sqlite {

// Who reads an outbox: the consumer's name and where it keeps its position and its claims.
struct OutboxReader {
  events::DeliveryStore* store = nullptr;
  std::string consumer;
};

struct RetentionOptions {
  Milliseconds keep = std::chrono::hours{24 * 7};
  Milliseconds every = std::chrono::minutes{10};
  int rows_per_job = 500;  // a job is one turn of the writer; others wait meanwhile
};

// Deletes up to `limit` events that occurred before `before` and have an offset < `passed`; tells how many.
[[nodiscard]] Task<std::int64_t> trim_events(Database& database, Call call, WallTime before, std::int64_t passed, int limit);

// One round: everything that is old enough, in small jobs.
[[nodiscard]] Task<void> trim_once(Database& database, std::vector<OutboxReader> readers, WallTime now, RetentionOptions options);
// trim_once() every so often until cancelled. Nobody reads an outbox whose `readers` are empty: age alone decides.
Async<void> trim_on_schedule(Database& database, std::vector<OutboxReader> readers, const Clock& clock,
                             RetentionOptions options = {});

}  // namespace gatehouse::sqlite
