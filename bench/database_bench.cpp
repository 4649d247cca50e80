// What a small durable write and a small read cost through sqlite::Database, with many callers at once:
//   database_bench FOLDER [callers] [seconds]
// One JSON line each: operations a second, CPU per operation (all threads of the process), latency percentiles.
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <charconv>
#include <cstdio>

#include "drivers/sqlite/database.h"
#include "drivers/sqlite/outbox.h"
#include "runtime/scope.h"
#include "runtime/shard.h"

namespace {

using namespace gatehouse;

constexpr sqlite::Migration tables[] = {
    {1, "0001_rows", "CREATE TABLE rows (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, version INTEGER NOT NULL) STRICT"}};

struct Run {
  const Clock& clock;
  sqlite::Database& database;
  SteadyTime end;
  std::int64_t next_id = 0;
  std::vector<double> latencies_ms;
  std::uint64_t failed = 0;
};

Result<std::int64_t> upsert(sqlite::Connection& connection, std::int64_t id) {
  return connection.execute("INSERT INTO rows (id, owner, version) VALUES (?, 'somebody', 1) ON CONFLICT (id) DO UPDATE SET version = version + 1", id);
}

Result<std::int64_t> find(sqlite::Connection& connection, std::int64_t id) {
  auto row = connection.query("SELECT version FROM rows WHERE id = ?", id);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return *has ? row->integer(0) : 0;
}

Async<void> call_until_end(Run& run, bool writes) {
  while (run.clock.steady() < run.end) {
    const auto begin = run.clock.steady();
    const auto id = run.next_id++ % 20'000;
    auto write = [id](sqlite::Connection& connection) { return upsert(connection, id); };
    auto read = [id](sqlite::Connection& connection) { return find(connection, id); };
    Result<std::int64_t> done = 0;
    if (writes)
      done = co_await run.database.write<std::int64_t>(Call(), write);
    else
      done = co_await run.database.read<std::int64_t>(Call(), read);
    if (!done) ++run.failed;
    run.latencies_ms.push_back(std::chrono::duration<double, std::milli>(run.clock.steady() - begin).count());
  }
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Async<void> spawn_callers(Run& run, int callers, bool writes) {
  const auto executor = co_await asio::this_coro::executor;
  Scope scope(executor);
  for (int i = 0; i < callers; ++i) scope.spawn(call_until_end(run, writes));
  co_await scope.close(Scope::Stop::wait);
}

void measure(const char* what, Shard& shard, sqlite::Database& database, int callers, int seconds, bool writes) {
  const SystemClock clock;
  Run run{.clock = clock, .database = database, .end = clock.steady() + std::chrono::seconds{seconds}};
  const auto cpu_before = cpu_seconds();
  const auto commits_before = database.stats().commits;
  asio::co_spawn(shard.executor(), spawn_callers(run, callers, writes), asio::use_future).get();
  const auto count = static_cast<double>(run.latencies_ms.size());
  std::ranges::sort(run.latencies_ms);
  const auto at = [&run](double share) { return run.latencies_ms[static_cast<std::size_t>(share * static_cast<double>(run.latencies_ms.size() - 1))]; };
  std::printf("{\"what\":\"%s\",\"callers\":%d,\"per_second\":%.0f,\"cpu_us\":%.2f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.1f,"
              "\"commits\":%llu,\"failed\":%llu}\n",
              what, callers, count / seconds, (cpu_seconds() - cpu_before) / count * 1e6, at(0.5), at(0.99), run.latencies_ms.back(),
              static_cast<unsigned long long>(database.stats().commits - commits_before), static_cast<unsigned long long>(run.failed));
}

int number_of(const char* text, int otherwise) {
  int value = otherwise;
  const std::string_view view(text);
  std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "database_bench FOLDER [callers] [seconds]\n"), 2;
  const int callers = argc > 2 ? number_of(argv[2], 64) : 64, seconds = argc > 3 ? number_of(argv[3], 3) : 3;
  const SystemClock clock;
  auto database = sqlite::Database::open({.file = std::filesystem::path(argv[1]) / "bench.db"}, tables, clock);
  if (!database) return std::fprintf(stderr, "%s\n", database.error().detail.c_str()), 1;
  Shard shard(0);
  shard.start();
  measure("write", shard, **database, callers, seconds, true);
  measure("read", shard, **database, callers, seconds, false);
  measure("write_alone", shard, **database, 1, seconds, true);
  measure("read_alone", shard, **database, 1, seconds, false);
  (*database)->close();
  shard.stop();
}
