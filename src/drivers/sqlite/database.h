// One SQLite file: a writer thread with group commit, and reader threads beside it (WAL).
//
// write() queues a job for the writer thread. The writer takes all that wait (bounded), runs each inside its
// own savepoint of one transaction, commits once (synchronous=FULL: durable when acknowledged), and only then
// resumes the callers: a failed job undoes itself alone, a failed commit fails all of them. read() runs on a
// reader thread against the last commit. Jobs are plain functions; they must not block on anything else.
// Any shard may call. Errors: UNAVAILABLE storage_full, storage_busy, overloaded, closing; DEADLINE_EXCEEDED for a job
// whose turn came too late; DATA_LOSS storage_corrupt. Shards outlive the database: completions are posted to them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "drivers/sqlite/connection.h"
#include "runtime/call.h"
#include "runtime/offload.h"

namespace gatehouse::sqlite {

struct Migration {
  int number;              // 1, 2, 3 …
  std::string_view name;   // "0001_users"
  std::string_view sql;
};

struct DatabaseOptions {
  std::filesystem::path file;
  unsigned readers = 1;
  bool may_be_new = true;        // false: a file that is missing or empty was lost
  std::size_t cache_kib = 2048;  // page cache of the writer; readers use half
  std::string vfs;               // name of a registered SQLite VFS; empty: the system's
};

class Database {
 public:
  // Opens or creates the file (mode 0600) and applies the migrations that are missing, each in a transaction.
  // FAILED_PRECONDITION schema_newer when the file is from a newer program; UNAVAILABLE storage_locked;
  // FAILED_PRECONDITION database_lost when it may not be new and holds nothing.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(DatabaseOptions options,
                                                              std::span<const Migration> migrations, const Clock& clock);
  ~Database();

  // `work` is Result<T>(Connection&). A job whose call has expired before it ran is refused unrun.
  template <class T, class Work>
  Task<T> write(Call call, Work work) {
    auto start = [this, &call, &work](Completion<T> done) {
      submit_write(call.deadline, make_job<T>(std::move(work), std::move(done)));
    };
    co_return co_await offload<T>(std::move(start));
  }
  template <class T, class Work>
  Task<T> read(Call call, Work work) {
    auto start = [this, &call, &work](Completion<T> done) {
      submit_read(call.deadline, make_job<T>(std::move(work), std::move(done)));
    };
    co_return co_await offload<T>(std::move(start));
  }

  // `wake` runs on the writer thread after each commit that appended to the outbox. Register while wiring.
  void on_event_commit(std::function<void()> wake);

  // Whether the last commit can be read: the readiness check. The one wait here that ends at the call's deadline although
  // a reader hangs in the system; its job owns all it touches and may end later.
  Task<void> check(Call call);

  struct Stats {
    std::uint64_t commits = 0, writes = 0, reads = 0, failed_commits = 0;
    std::size_t queued = 0;
  };
  [[nodiscard]] Stats stats() const;
  // Refuses new jobs, finishes what is queued, checkpoints, closes. Idempotent.
  void close();

 private:
  // A job in two halves: run() on the database's thread, then finish(commit error or nothing) when the outcome is known.
  struct Job {
    std::function<Done(Connection&)> run;
    std::function<void(Done committed)> finish;
  };
  template <class T, class Work>
  static Job make_job(Work work, Completion<T> done) {
    struct State {
      Work work;
      Completion<T> done;
      Result<T> result = internal("job did not run");
    };
    auto state = std::make_shared<State>(std::move(work), std::move(done));
    return {.run = [state](Connection& connection) -> Done {
              try {
                state->result = state->work(connection);
              } catch (const std::exception& thrown) {
                state->result = internal(thrown.what());
              }
              if (!state->result) return std::unexpected(state->result.error());
              return {};
            },
            .finish = [state](Done committed) {
              // What a job decided on uncommitted neighbours is void with them: the commit's error replaces its own.
              if (!committed) state->result = std::unexpected(std::move(committed).error());
              state->done(std::move(state->result));
            }};
  }
  void submit_write(SteadyTime deadline, Job job);
  void submit_read(SteadyTime deadline, Job job);

  friend class Snapshot;
  class Queue;
  class Writer;
  struct Threads;
  explicit Database(std::unique_ptr<Threads> threads);
  std::unique_ptr<Threads> threads_;
};

}  // namespace gatehouse::sqlite
