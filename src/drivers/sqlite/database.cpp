#include "drivers/sqlite/database.h"

#include <pthread.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "drivers/sqlite/open.h"
#include "drivers/sqlite/threads.h"

namespace gatehouse::sqlite {
namespace {

constexpr std::size_t reads_per_snapshot_max = 32;
constexpr Milliseconds check_max{60'000};  // for a call without a deadline

void name_thread(const std::string& name) { ::pthread_setname_np(::pthread_self(), name.substr(0, 15).c_str()); }

}  // namespace

void Database::Threads::start(std::vector<std::unique_ptr<Connection>> connections) {
  readers = connections.size();
  write_thread = std::thread([this] { write_loop(); });
  for (auto& connection : connections)
    read_threads.emplace_back([this, mine = std::move(connection)]() mutable { read_loop(std::move(mine)); });
}

void Database::Threads::write_loop() {
  name_thread("w-" + name);
  const auto idle_after = [this] { return writer.quiet_before_emptying(); };
  const auto on_idle = [this] { writer.empty_log(); };
  for (;;) {
    auto batch = write_queue.pop(limits::group_commit_jobs_max, 1, idle_after, on_idle);
    if (batch.empty()) return;
    writer.run(std::move(batch));
  }
}

void Database::Threads::read_loop(std::unique_ptr<Connection> connection) {
  name_thread("r-" + name);
  for (auto batch = read_queue.pop(reads_per_snapshot_max, readers); !batch.empty();
       batch = read_queue.pop(reads_per_snapshot_max, readers))
    read_batch(*connection, batch);
}

// Reads that wait together share a snapshot: it is taken after all of them were asked, so that none sees less than
// what had been committed when it was asked.
void Database::Threads::read_batch(Connection& connection, std::vector<Queue::Item>& batch) {
  reads.fetch_add(batch.size(), std::memory_order_relaxed);  // before anybody has an answer
  const auto now = clock.steady();
  auto began = connection.execute("BEGIN");
  for (auto& [deadline, job] : batch) {
    if (now >= deadline) {
      job.finish(fail(Code::deadline_exceeded, "deadline_exceeded", "This took too long. Try again.", "waited for a reader"));
    } else if (!began) {
      job.finish(pass(began));
    } else {
      (void)job.run(connection);  // its error is in the job
      job.finish({});
    }
  }
  if (began) (void)connection.execute("COMMIT");
}

Result<std::unique_ptr<Database>> Database::open(DatabaseOptions options, std::span<const Migration> migrations,
                                                 const Clock& clock) {
  auto connection = open_connection(options, Access::write);
  if (!connection) return pass(connection);
  if (!options.may_be_new)
    if (auto ours = check_is_ours(**connection, options.file); !ours) return pass(ours);
  auto events = migrate(**connection, "events", event_migrations(), clock);
  if (!events) return pass(events);
  auto migrated = migrate(**connection, "role", migrations, clock);
  if (!migrated) return pass(migrated);
  std::vector<std::unique_ptr<Connection>> readers;
  for (unsigned i = 0; i < std::max(1U, options.readers); ++i) {
    auto reader = open_connection(options, Access::read);
    if (!reader) return pass(reader);
    readers.push_back(std::move(*reader));
  }
  auto threads = std::make_unique<Threads>(options, std::move(*connection), clock);
  threads->start(std::move(readers));
  return std::unique_ptr<Database>(new Database(std::move(threads)));
}

Database::Database(std::unique_ptr<Threads> threads) : threads_(std::move(threads)) {}

Database::~Database() { close(); }

void Database::submit_write(SteadyTime deadline, Job job) { threads_->write_queue.push(deadline, std::move(job)); }

void Database::submit_read(SteadyTime deadline, Job job) { threads_->read_queue.push(deadline, std::move(job)); }

void Database::on_event_commit(std::function<void()> wake) { threads_->writer.on_event_commit(std::move(wake)); }

namespace {

// On the shard that asked, but for `seen`, which is the job's until it has ended.
struct Question {
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> answered;
  Done seen;
  std::optional<Done> answer;
};

Done look(Connection& connection) {
  auto row = connection.query("SELECT count(*) FROM schema_migrations");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return {};
}

}  // namespace

Task<void> Database::check(Call call) {
  const auto executor = co_await asio::this_coro::executor;
  const auto left = std::min<SteadyTime::duration>(call.deadline - threads_->clock.steady(), check_max);
  const auto question = std::make_shared<Question>(Question{.answered{executor, left}, .seen = {}, .answer = {}});
  submit_read(call.deadline, {.run = [question](Connection& connection) { return question->seen = look(connection); },
                              .finish = [question, executor](Done committed) {
                                asio::post(executor, [question, committed] {
                                  question->answer = committed ? question->seen : committed;
                                  question->answered.cancel();
                                });
                              }});
  auto waiting = question->answered.async_wait(asio::as_tuple(use_async));
  (void)co_await std::move(waiting);
  if (!question->answer)
    co_return fail(Code::deadline_exceeded, "deadline_exceeded", "This took too long. Try again.", "a reader hangs");
  co_return *question->answer;
}

Database::Stats Database::stats() const {
  const auto& writer = threads_->writer;
  return {.commits = writer.commits.load(),
          .writes = writer.writes.load(),
          .reads = threads_->reads.load(),
          .failed_commits = writer.failed_commits.load(),
          .queued = threads_->write_queue.size() + threads_->read_queue.size()};
}

void Database::close() {
  if (!threads_->write_thread.joinable()) return;
  threads_->read_queue.close();
  for (auto& thread : threads_->read_threads) thread.join();
  threads_->write_queue.close();
  threads_->write_thread.join();
  threads_->writer.close();
}

}  // namespace gatehouse::sqlite
