// Identity put together: its store, its service, its cleaning. Called by app/process.cpp and by tests.
#pragma once

#include <memory>
#include <span>

#include "crypto/master_key.h"
#include "drivers/sqlite/database.h"
#include "identity/api.h"
#include "identity/events.h"
#include "runtime/bus.h"
#include "telemetry/metrics.h"

namespace gatehouse::identity {

// The migrations of the file that Parts::database is opened with.
[[nodiscard]] std::span<const sqlite::Migration> sqlite_migrations();

struct Parts {
  sqlite::Database& database;
  Bus<UserChanged>& changes;
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
  bool limits_enabled = true;  // how many tries a code has is no rate limit: it holds either way
};

// The service of one shard. Call once per shard while wiring: it subscribes to Parts::changes. It must outlive the
// shard's last task.
[[nodiscard]] std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts);

// Destroys the keys of expired codes, and what is kept for a while only, every half minute until it is cancelled.
// For one Scope of one shard.
[[nodiscard]] Async<void> clean_up_challenges(Parts parts);

}  // namespace gatehouse::identity
