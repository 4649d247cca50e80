#include "account/wire.h"

#include "account/adapters/sqlite_store.h"
#include "account/profile_consumer.h"
#include "account/service.h"

namespace gatehouse::account {

std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts) {
  auto store = std::make_unique<SqliteStore>(parts.database);
  auto service = std::make_unique<Service>(std::move(store), parts.changes, parts.clock, parts.random);
  parts.changes.subscribe(shard, [&on_shard = *service](const PermissionsChanged& notice) { on_shard.forget(notice); });
  return service;
}

std::unique_ptr<events::Handler> make_profile_consumer(const Parts& parts) {
  auto store = std::make_unique<SqliteStore>(parts.database);
  return std::make_unique<ProfileConsumer>(std::move(store), parts.changes, parts.clock, parts.random);
}

}  // namespace gatehouse::account
