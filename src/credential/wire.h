// Puts the credential role together: storage, the hash pool and settings in, a running role out. One service per
// shard; database and hash pool are shared by all of them.
#pragma once

#include <memory>
#include <span>

#include "base/clock.h"
#include "base/random.h"
#include "config/config.h"
#include "credential/api.h"
#include "credential/in_flight.h"
#include "crypto/master_key.h"
#include "drivers/sqlite/database.h"
#include "runtime/cpu_pool.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::credential {

struct Parts {
  sqlite::Database& database;
  InFlight& in_flight;
  CpuPool& hash_pool;  // made with hash_pool_options()
  const config::Password& config;
  const crypto::MasterKey& master_key;
  const Clock& clock;
  Random& random;  // used on the hash pool's and the database's threads too: SystemRandom
  telemetry::Metrics& metrics;
  bool limits_enabled;  // false: no lockout at all (tests and benchmarks)
};

[[nodiscard]] std::span<const sqlite::Migration> sqlite_migrations();
[[nodiscard]] std::unique_ptr<Api> make_sqlite_service(Shard& shard, const Parts& parts);

// The hash pool for these settings on a machine of `cores`: as many threads as its memory budget allows, and memory
// given back once it has been idle.
[[nodiscard]] CpuPoolOptions hash_pool_options(const config::Password& config, unsigned cores);

}  // namespace gatehouse::credential
