#include "account/wire.h"

#include "account/adapters/sqlite_store.h"
#include "account/profile_consumer.h"
#include "account/service.h"
#include "account/stale_marks.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::account {

std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts) {
  auto store = std::make_unique<SqliteStore>(parts.database);
  auto service = std::make_unique<Service>(std::move(store), parts.changes, parts.clock, parts.random);
  parts.changes.subscribe(shard, [&on_shard = *service](const PermissionsChanged& notice) { on_shard.forget(notice); });
  return service;
}

Async<void> drop_stale_marks(Parts parts, identity::Api& identity) {
  constexpr Milliseconds pause{60'000};  // longer than any change is under way
  SqliteStore store(parts.database);
  auto marked_before = parts.clock.wall();  // of a process that is no more
  for (;;) {
    const auto dropped = co_await drop_stale_marks_once(store, identity, marked_before, parts.clock.wall());
    if (!dropped) log::failure("stale marks of admins could not be dropped", Call(), dropped.error());
    const bool goes_on = co_await sleep_for(pause);
    if (!goes_on) co_return;
    marked_before = parts.clock.wall() - pause;
  }
}

std::unique_ptr<events::Handler> make_profile_consumer(const Parts& parts) {
  auto store = std::make_unique<SqliteStore>(parts.database);
  return std::make_unique<ProfileConsumer>(std::move(store), parts.changes, parts.clock, parts.random);
}

}  // namespace gatehouse::account
