#include "credential/wire.h"

#include <algorithm>

#include "credential/adapters/sqlite_store.h"
#include "credential/service.h"
#include "crypto/hash_arena.h"

namespace gatehouse::credential {

std::unique_ptr<Api> make_sqlite_service(Shard&, const Parts& parts) {
  const ServiceParts service{.hash_pool = parts.hash_pool,
                             .config = parts.config,
                             .master_key = parts.master_key,
                             .clock = parts.clock,
                             .random = parts.random,
                             .metrics = parts.metrics,
                             .limits_enabled = parts.limits_enabled};
  return std::make_unique<Service>(make_sqlite_store(parts.database, parts.in_flight, parts.random), service);
}

CpuPoolOptions hash_pool_options(const config::Password& config, unsigned cores) {
  const auto wanted = config.hash_threads > 0 ? config.hash_threads : std::max(1U, cores);
  const auto affordable = std::uint64_t{config.hash_memory_mib} * 1024 / std::max(1U, config.argon2_memory_kib);
  CpuPoolOptions options;
  options.name = "hash";
  options.threads = static_cast<unsigned>(std::clamp<std::uint64_t>(affordable, 1, wanted));
  options.queue_max = config.hash_queue_max;
  options.wait_max = Milliseconds{config.hash_wait_ms};
  options.nice = 10;
  options.on_idle = &crypto::HashArena::release_on_this_thread;
  return options;
}

}  // namespace gatehouse::credential
