#include "drivers/sqlite/writer.h"

#include <sqlite3.h>

#include "drivers/sqlite/failure.h"
#include "drivers/sqlite/open.h"
#include "telemetry/log.h"

namespace gatehouse::sqlite {
namespace {

Done command(Connection& connection, const char* sql) {
  auto done = connection.execute(sql);
  if (!done) return pass(done);
  return {};
}

// Our own reads are over within milliseconds. What lasts longer is another process's, and is not waited for.
constexpr int wait_for_reads_ms = 10;
// Emptying the log gives its blocks back, and a log that grows anew costs twice the time per commit of one that is
// written over: not between two logins of a small site, but before the night. What was erased is more urgent.
constexpr Milliseconds quiet_before_checkpoint{30'000}, erased_before_checkpoint{200};

std::unexpected<Error> expired() {
  return fail(Code::deadline_exceeded, "deadline_exceeded", "This took too long. Try again.", "waited for the writer");
}

}  // namespace

void Database::Writer::run(std::vector<Queue::Item> batch) {
  drop_expired(batch);
  if (batch.empty()) return;
  (void)connection_->take_event_mark();
  (void)connection_->take_erasure_mark();
  const Done committed = run_in_transaction(batch);
  if (!committed && sqlite3_get_autocommit(connection_->handle()) == 0) (void)command(*connection_, "ROLLBACK");
  note(committed);
  is_log_empty_ = false;
  if (committed && connection_->take_erasure_mark()) {
    has_erased_ = true;
    empty_log();  // before anybody is told that it is gone
  } else if (has_erased_ && clock_.steady() >= next_try_) {
    empty_log();
  }
  writes.fetch_add(batch.size(), std::memory_order_relaxed);
  for (auto& item : batch) item.job.finish(committed);
  if (committed && connection_->take_event_mark()) wake_event_readers();
}

void Database::Writer::drop_expired(std::vector<Queue::Item>& batch) const {
  const auto now = clock_.steady();
  std::erase_if(batch, [now](Queue::Item& item) {
    if (now < item.deadline) return false;
    item.job.finish(expired());
    return true;
  });
}

// The error is of the transaction as a whole; what a single job failed with is in the job.
Done Database::Writer::run_in_transaction(std::vector<Queue::Item>& batch) {
  auto began = command(*connection_, "BEGIN IMMEDIATE");
  if (!began) return began;
  if (batch.size() == 1) return run_alone(batch.front().job);
  for (auto& item : batch) {
    auto kept = run_in_savepoint(item.job);
    if (!kept) return kept;
  }
  return command(*connection_, "COMMIT");
}

Done Database::Writer::run_alone(Job& job) {
  const Done ran = job.run(*connection_);
  if (is_transaction_lost()) return ran ? Done(internal("the transaction ended inside a job")) : ran;
  return command(*connection_, ran ? "COMMIT" : "ROLLBACK");
}

Done Database::Writer::run_in_savepoint(Job& job) {
  auto saved = command(*connection_, "SAVEPOINT job");
  if (!saved) return saved;
  const Done ran = job.run(*connection_);
  // A full disk or a failed read takes the whole transaction with it: nothing of this batch is kept.
  if (is_transaction_lost()) return ran ? Done(internal("the transaction ended inside a job")) : ran;
  if (!ran) {
    auto undone = command(*connection_, "ROLLBACK TO job");
    if (!undone) return undone;
  }
  return command(*connection_, "RELEASE job");
}

bool Database::Writer::is_transaction_lost() const { return sqlite3_get_autocommit(connection_->handle()) != 0; }

// A line when writing begins to fail and one when it works again, not one for each refused write.
void Database::Writer::note(const Done& committed) {
  (committed ? commits : failed_commits).fetch_add(1, std::memory_order_relaxed);
  if (committed.has_value() != is_failing_) return;
  is_failing_ = !committed;
  if (is_failing_)
    log::error("writes to the database are failing",
               {{"database", name_}, {"reason", committed.error().reason}, {"detail", committed.error().detail}});
  else
    log::info("writes to the database work again", {{"database", name_}});
}

void Database::Writer::on_event_commit(std::function<void()> wake) {
  const std::lock_guard lock(wakes_mutex_);
  wakes_.push_back(std::move(wake));
}

void Database::Writer::wake_event_readers() {
  const std::lock_guard lock(wakes_mutex_);
  for (const auto& wake : wakes_) wake();
}

void Database::Writer::empty_log() {
  if (is_log_empty_) return;
  is_log_empty_ = checkpoint();  // otherwise a reader is in the way or the disk is full
  if (is_log_empty_) has_erased_ = false;
  next_try_ = clock_.steady() + erased_before_checkpoint;
}

Milliseconds Database::Writer::quiet_before_emptying() const {
  return has_erased_ ? erased_before_checkpoint : quiet_before_checkpoint;
}

// The writer waits meanwhile, and all who write with it: whoever holds a snapshot must not be able to stop them.
bool Database::Writer::checkpoint() {
  sqlite3_busy_timeout(connection_->handle(), is_held_up_ ? 0 : wait_for_reads_ms);
  const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  sqlite3_busy_timeout(connection_->handle(), busy_timeout_ms);
  is_held_up_ = code != SQLITE_OK;
  return code == SQLITE_OK;
}

void Database::Writer::close() {
  (void)checkpoint();
  connection_.reset();
}

}  // namespace gatehouse::sqlite
