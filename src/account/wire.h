// Wiring of the account role. Called once per shard while the process starts.
#pragma once

#include <memory>
#include <span>

#include "account/api.h"
#include "account/events.h"
#include "base/random.h"
#include "drivers/sqlite/database.h"
#include "events/consumer.h"
#include "identity/api.h"
#include "runtime/bus.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::account {

// Outlives everything made from it.
struct Parts {
  sqlite::Database& database;
  Bus<PermissionsChanged>& changes;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

[[nodiscard]] std::span<const sqlite::Migration> sqlite_migrations();
[[nodiscard]] std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts);

// Consumer `account.profile` of gatehouse.identity: a profile when a user is created; profile and roles go when the
// user is deleted.
[[nodiscard]] std::unique_ptr<events::Handler> make_profile_consumer(const Parts& parts);

// Until cancelled: admins whom a crash left marked as about to go count again. `identity` is the door of the shard it runs on.
[[nodiscard]] Async<void> drop_stale_marks(Parts parts, identity::Api& identity);

}  // namespace gatehouse::account
