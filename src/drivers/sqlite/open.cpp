#include "drivers/sqlite/open.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "drivers/sqlite/failure.h"

namespace gatehouse::sqlite {
namespace {

constexpr int wal_pages_before_checkpoint = 1000;
constexpr int wal_bytes_kept = 16 * 1024 * 1024;  // above one checkpoint's worth: the file is reused, not regrown

// Makes the file with mode 0600 before SQLite sees it: its -wal and -shm take the same mode. An existing file is
// never opened here, for closing a descriptor would drop the locks this process holds on it.
Done make_private_file(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made >= 0) {
    ::close(made);
    return {};
  }
  const int why = errno;
  struct stat found{};
  if (why != EEXIST || ::lstat(file.c_str(), &found) != 0)
    return unavailable(why == ENOSPC || why == EDQUOT ? "storage_full" : "storage_locked",
                       fmt::format("{}: {}", file.string(), std::generic_category().message(why)));
  if (!S_ISREG(found.st_mode))
    return fail(Code::failed_precondition, "storage_not_a_file", "The database is not a regular file.", file.string());
  if ((found.st_mode & 077) != 0 && ::chmod(file.c_str(), 0600) != 0)
    return fail(Code::failed_precondition, "storage_exposed", "The database is readable by others.", file.string());
  return {};
}

Done run(sqlite3* database, const std::string& sql) {
  if (sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return std::unexpected(last_failure(database, sql.substr(0, 60)));
}

void harden(sqlite3* database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  sqlite3_busy_timeout(database, busy_timeout_ms);
}

// Memory statistics take a global lock in every allocation.
void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_config(SQLITE_CONFIG_MULTITHREAD);  // refused, harmlessly, when somebody was here first
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

std::string pragmas(const DatabaseOptions& options, Access access) {
  const auto cache_kib = access == Access::write ? options.cache_kib : options.cache_kib / 2;
  auto text = fmt::format("PRAGMA cache_size = -{}; PRAGMA temp_store = MEMORY; PRAGMA cell_size_check = ON;"
                          "PRAGMA mmap_size = 0;", cache_kib);
  if (access == Access::read) return text + "PRAGMA query_only = ON;";
  return text + fmt::format("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                            "PRAGMA wal_autocheckpoint = {}; PRAGMA journal_size_limit = {};",
                            wal_pages_before_checkpoint, wal_bytes_kept);
}

Error as_open_failure(Error why) {
  if (why.reason == "storage_busy") why.reason = "storage_locked";
  return why;
}

}  // namespace

Result<std::unique_ptr<Connection>> open_connection(const DatabaseOptions& options, Access access) {
  prepare_library();
  if (access == Access::write) {
    auto made = make_private_file(options.file);
    if (!made) return pass(made);
  }
  sqlite3* database = nullptr;
  const int mode = access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(options.file.c_str(), &database, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  auto connection = std::make_unique<Connection>(database);  // closes it whatever happens
  if (code != SQLITE_OK) {
    const auto detail = database != nullptr ? sqlite3_errmsg(database) : "out of memory";
    return std::unexpected(as_open_failure(failure_of(code, "open " + options.file.string(), detail)));
  }
  harden(database);
  auto set = run(database, pragmas(options, access));
  if (!set) return std::unexpected(as_open_failure(std::move(set).error()));
  return connection;
}

namespace {

Result<int> applied_number(Connection& connection, std::string_view component) {
  auto row = connection.query("SELECT coalesce(max(number), 0) FROM schema_migrations WHERE component = ?", component);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  return static_cast<int>(row->integer(0));
}

std::string digest_of(const Migration& migration) {
  const auto digest = crypto::sha256(migration.sql);
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// A migration that has been edited since it was applied would leave the file without what the program now counts on.
Done check_applied(Connection& connection, std::string_view component, std::span<const Migration> migrations) {
  const auto mismatch = [](std::string_view detail) {
    return fail(Code::failed_precondition, "schema_mismatch", "The database was made by a different program.", detail);
  };
  auto row = connection.query("SELECT number, name, sql_sha256 FROM schema_migrations WHERE component = ? ORDER BY number", component);
  if (!row && row.error().code == Code::internal) return mismatch("it does not say of what its tables were made");
  if (!row) return pass(row);
  auto has = row->step();
  for (; has && *has; has = row->step()) {
    const auto number = static_cast<std::size_t>(row->integer(0));
    if (number > migrations.size()) continue;
    const auto& known = migrations[number - 1];
    if (known.name != row->text(1))
      return mismatch(fmt::format("migration {} is {} in the file, {} in the program", number, row->text(1), known.name));
    if (digest_of(known) != row->text(2))
      return mismatch(fmt::format("migration {} has been edited since it was applied", known.name));
  }
  if (!has) return pass(has);
  return {};
}

Done apply(Connection& connection, std::string_view component, const Migration& migration, const Clock& clock) {
  auto began = run(connection.handle(), "BEGIN IMMEDIATE");
  if (!began) return began;
  auto applied = run(connection.handle(), std::string(migration.sql));
  if (applied) {
    auto noted = connection.execute("INSERT INTO schema_migrations (component, number, name, applied_at_ms, sql_sha256)"
                                    " VALUES (?, ?, ?, ?, ?)",
                                    component, migration.number, migration.name, to_ms(clock.wall()), digest_of(migration));
    if (!noted) applied = pass(noted);
  }
  if (applied) applied = run(connection.handle(), "COMMIT");
  if (!applied) {
    (void)run(connection.handle(), "ROLLBACK");
    applied.error().detail += fmt::format(" (migration {} {})", component, migration.name);
  }
  return applied;
}

}  // namespace

Done check_is_ours(Connection& connection, const std::filesystem::path& file) {
  const auto lost = fail(Code::failed_precondition, "database_lost",
                         fmt::format("The database {} is empty, and there are others that it belongs to: restore it from a backup.",
                                     file.string()));
  auto row = connection.query("SELECT 1 FROM schema_migrations");
  if (!row && row.error().code == Code::internal) return lost;  // no such table
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (!*has) return lost;
  return {};
}

Done migrate(Connection& connection, std::string_view component, std::span<const Migration> migrations,
             const Clock& clock) {
  auto table = run(connection.handle(),
                   "CREATE TABLE IF NOT EXISTS schema_migrations (component TEXT NOT NULL, number INTEGER NOT NULL,"
                   " name TEXT NOT NULL, applied_at_ms INTEGER NOT NULL, sql_sha256 TEXT NOT NULL, PRIMARY KEY (component, number))"
                   " STRICT, WITHOUT ROWID");
  if (!table) return table;
  auto applied = applied_number(connection, component);
  if (!applied) return pass(applied);
  if (*applied > static_cast<int>(migrations.size()))
    return fail(Code::failed_precondition, "schema_newer", "The data was written by a newer version of this program.",
                fmt::format("{} is at migration {}, the program knows {}", component, *applied, migrations.size()));
  auto checked = check_applied(connection, component, migrations);
  if (!checked) return checked;
  for (const auto& migration : migrations.subspan(static_cast<std::size_t>(*applied))) {
    auto done = apply(connection, component, migration, clock);
    if (!done) return done;
  }
  return {};
}

}  // namespace gatehouse::sqlite
