// Puts the auth role together: storage and settings in, a running role out. One service per shard.
//
// The two *_on_schedule tasks belong to the process: run each in one Scope on one shard. `parts` and `api` outlive
// them.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "auth/api.h"
#include "auth/events.h"
#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "crypto/master_key.h"
#include "drivers/sqlite/database.h"
#include "runtime/bus.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::auth {

struct Parts {
  sqlite::Database& database;
  Bus<SessionsRevoked>& revocations;
  Bus<KeysChanged>& key_changes;
  const config::Token& config;
  std::string issuer;
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;  // used on the database's threads too: SystemRandom
  telemetry::Metrics& metrics;
};

[[nodiscard]] std::span<const sqlite::Migration> sqlite_migrations();
[[nodiscard]] std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts);

// Opens the signing keys, and makes the first ones. DATA_LOSS sealed_box_broken: they are sealed under another master
// key. Before any shard runs.
[[nodiscard]] Task<void> open_keys(const Parts& parts);

// Rotates the signing keys every `key_rotation_days`. Ends when cancelled.
Async<void> rotate_keys_on_schedule(Api& api, const Parts& parts);
// Deletes sessions and revocations that are over, and keys that no valid token is signed with. Ends when cancelled.
Async<void> clean_up_on_schedule(const Parts& parts);

}  // namespace gatehouse::auth
