#include "identity/wire.h"

#include "identity/adapters/sqlite_store.h"
#include "identity/service.h"
#include "runtime/timer.h"

namespace gatehouse::identity {

std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts) {
  auto store = std::make_unique<SqliteStore>(parts.database, parts.master_key, parts.random);
  auto service = std::make_unique<Service>(shard, ServiceParts{.store = std::move(store),
                                                               .changes = parts.changes,
                                                               .master_key = parts.master_key,
                                                               .clock = parts.clock,
                                                               .random = parts.random,
                                                               .metrics = parts.metrics});
  parts.changes.subscribe(shard, [service = service.get()](const UserChanged& changed) { service->forget(changed); });
  return service;
}

Async<void> clean_up_challenges(Parts parts) {
  constexpr Milliseconds pause{30'000}, breath{20};
  constexpr int batch = 500;
  co_await asio::this_coro::throw_if_cancelled(false);
  SqliteStore store(parts.database, parts.master_key, parts.random);
  for (;;) {
    const Occasion occasion{.call = {}, .now = parts.clock.wall()};
    const auto removed = co_await store.clean_up(occasion, batch);
    if (!removed) log::failure("cleaning up challenges failed", occasion.call, removed.error());
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return;
    const bool has_more = removed && *removed >= batch;
    if (!co_await sleep_for(has_more ? breath : pause)) co_return;
  }
}

}  // namespace gatehouse::identity
