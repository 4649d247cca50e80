#include "app/samples.h"

#include <prometheus/gauge.h>

#include <vector>

#include "runtime/timer.h"

namespace gatehouse::app {
namespace {

constexpr Milliseconds sample_interval{5000};

struct DatabaseGauges {
  sqlite::Database* database;
  prometheus::Gauge *commits, *writes, *reads, *failed_commits, *queued;
};

std::vector<DatabaseGauges> make_gauges(Platform& platform) {
  std::vector<DatabaseGauges> gauges;
  auto& metrics = platform.metrics;
  for (const auto& [role, database] : platform.databases.all()) {
    const telemetry::Metrics::Labels labels{{"role", role}};
    gauges.push_back(
        {database, &metrics.gauge("gatehouse_database_commits", "Commits since the start.", labels),
         &metrics.gauge("gatehouse_database_writes", "Write jobs since the start.", labels),
         &metrics.gauge("gatehouse_database_reads", "Read jobs since the start.", labels),
         &metrics.gauge("gatehouse_database_failed_commits", "Commits that failed since the start.", labels),
         &metrics.gauge("gatehouse_database_queued_jobs", "Jobs that wait.", labels)});
  }
  return gauges;
}

void sample(const DatabaseGauges& gauges) {
  const auto stats = gauges.database->stats();
  gauges.commits->Set(static_cast<double>(stats.commits));
  gauges.writes->Set(static_cast<double>(stats.writes));
  gauges.reads->Set(static_cast<double>(stats.reads));
  gauges.failed_commits->Set(static_cast<double>(stats.failed_commits));
  gauges.queued->Set(static_cast<double>(stats.queued));
}

}  // namespace

Async<void> sample_on_schedule(Platform& platform) {
  const auto databases = make_gauges(platform);
  auto& metrics = platform.metrics;
  auto& run = metrics.gauge("gatehouse_hash_pool_run", "Password hashes computed since the start.");
  auto& refused = metrics.gauge("gatehouse_hash_pool_refused", "Hashes refused because the queue was full.");
  auto& expired = metrics.gauge("gatehouse_hash_pool_expired", "Hashes dropped because they had waited too long.");
  auto& queued = metrics.gauge("gatehouse_hash_pool_queued", "Hashes that wait.");
  bool is_going_on = true;
  while (is_going_on) {
    for (const auto& gauges : databases) sample(gauges);
    const auto stats = platform.hash_pool.stats();
    run.Set(static_cast<double>(stats.run));
    refused.Set(static_cast<double>(stats.refused));
    expired.Set(static_cast<double>(stats.expired));
    queued.Set(static_cast<double>(stats.queued));
    is_going_on = co_await sleep_for(sample_interval);
  }
}

}  // namespace gatehouse::app
