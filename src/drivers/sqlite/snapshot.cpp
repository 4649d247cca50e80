#include "drivers/sqlite/snapshot.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "drivers/sqlite/failure.h"
#include "drivers/sqlite/open.h"
#include "drivers/sqlite/threads.h"

namespace gatehouse::sqlite {
namespace {

constexpr Milliseconds writers_come_within{2'000}, writers_wait_at_most{4'000};
constexpr int pages_per_step = 256;

// Where the writers wait for each other and then for the snapshots.
class Gate {
 public:
  void pass_through() {
    std::unique_lock lock(mutex_);
    ++inside_;
    changed_.notify_all();
    has_leaked_ |= !changed_.wait_for(lock, writers_wait_at_most, [this] { return is_open_; });
  }
  [[nodiscard]] bool wait_for(std::size_t writers) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, writers_come_within, [&] { return inside_ >= writers; });
  }
  // False: one of them did not wait until now.
  [[nodiscard]] bool open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
    return !has_leaked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t inside_ = 0;
  bool is_open_ = false, has_leaked_ = false;
};

std::unexpected<Error> busy() { return unavailable("storage_busy", "the writers did not stand still together"); }

Done make_file(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made < 0) return unavailable("storage_full", file.string() + ": " + std::generic_category().message(errno));
  ::close(made);
  return {};
}

}  // namespace

Result<std::vector<Snapshot>> Snapshot::take(std::span<Database* const> databases) {
  std::vector<Snapshot> taken;
  for (const auto* database : databases) {
    auto connection = open_connection(database->threads_->options, Access::read);
    if (!connection) return pass(connection);
    taken.push_back(Snapshot(*std::move(connection)));
  }
  const auto gate = std::make_shared<Gate>();
  for (auto* database : databases) {
    auto wait = [gate](Connection&) -> Done {
      gate->pass_through();
      return {};
    };
    database->submit_write(database->threads_->clock.steady() + writers_come_within, {.run = wait, .finish = [](const Done&) {}});
  }
  Done outcome;
  if (!gate->wait_for(databases.size())) outcome = busy();
  for (const auto& snapshot : taken)
    if (outcome) outcome = snapshot.begin();
  if (!gate->open() && outcome) outcome = busy();
  if (!outcome) return pass(outcome);
  return taken;
}

// A transaction sees what was committed when it first read.
Done Snapshot::begin() const {
  auto began = connection_->execute("BEGIN");
  if (!began) return pass(began);
  auto row = connection_->query("SELECT count(*) FROM sqlite_schema");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return {};
}

Done Snapshot::copy_to(const std::filesystem::path& file, const std::stop_token& stop) const {
  if (auto made = make_file(file); !made) return made;
  sqlite3* opened = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  const Connection target(opened);
  if (code != SQLITE_OK) return std::unexpected(failure_of(code, "open " + file.string(), "a copy"));
  auto* copying = sqlite3_backup_init(target.handle(), "main", connection_->handle(), "main");
  if (copying == nullptr) return std::unexpected(last_failure(target.handle(), "copy"));
  do {
    code = sqlite3_backup_step(copying, pages_per_step);
  } while (code == SQLITE_OK && !stop.stop_requested());
  const bool is_done = code == SQLITE_DONE;
  code = sqlite3_backup_finish(copying);
  if (is_done && code == SQLITE_OK) return {};
  if (code == SQLITE_OK) return unavailable("closing", "the copy was stopped");
  return std::unexpected(failure_of(code, "copy to " + file.string(), sqlite3_errmsg(target.handle())));
}

}  // namespace gatehouse::sqlite
