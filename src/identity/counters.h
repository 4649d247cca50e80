// What identity counts for GET /metrics. Handles are resolved once; shards share them. Any thread.
#pragma once

#include <prometheus/counter.h>

#include "telemetry/metrics.h"

namespace gatehouse::identity {

struct Counters {
  explicit Counters(telemetry::Metrics& metrics)
      : users_created(
            metrics.counter("gatehouse_identity_users_created_total", "Users created, pending ones included.")),
        users_deleted(metrics.counter("gatehouse_identity_users_deleted_total", "Users erased.")),
        challenges_created(metrics.counter("gatehouse_identity_challenges_created_total",
                                           "Challenges made, recoveries and decoys included.")),
        codes_wrong(metrics.counter("gatehouse_identity_codes_wrong_total", "Codes that were refused.")),
        cache_misses(metrics.counter("gatehouse_identity_cache_misses_total", "Users read from storage.")) {}
  prometheus::Counter& users_created;
  prometheus::Counter& users_deleted;
  prometheus::Counter& challenges_created;
  prometheus::Counter& codes_wrong;
  prometheus::Counter& cache_misses;
};

}  // namespace gatehouse::identity
