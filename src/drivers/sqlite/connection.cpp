#include "drivers/sqlite/connection.h"

#include <sqlite3.h>

#include <cstring>

#include "drivers/sqlite/failure.h"

namespace gatehouse::sqlite {

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), is_borrowing_(other.is_borrowing_) {}

Statement::~Statement() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);  // lets go of values at once: they may be personal
}

namespace {
Done bound(sqlite3* database, int code) {
  if (code == SQLITE_OK) return {};
  return std::unexpected(last_failure(database, "bind"));
}

sqlite3_destructor_type keeping(bool is_borrowing) { return is_borrowing ? SQLITE_STATIC : SQLITE_TRANSIENT; }
}  // namespace

Done Statement::bind(int index, std::string_view value) {
  // An empty view may hold a null pointer, which SQLite would take for NULL.
  const char* data = value.data() == nullptr ? "" : value.data();
  return bound(database_, sqlite3_bind_text64(statement_, index, data, value.size(), keeping(is_borrowing_), SQLITE_UTF8));
}

Done Statement::bind(int index, std::int64_t value) {
  return bound(database_, sqlite3_bind_int64(statement_, index, value));
}

Done Statement::bind(int index, Blob value) {
  const char* data = value.bytes.data() == nullptr ? "" : value.bytes.data();
  return bound(database_, sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), keeping(is_borrowing_)));
}

Done Statement::bind(int index, std::nullptr_t) { return bound(database_, sqlite3_bind_null(statement_, index)); }

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto failed = last_failure(database_, "step");
  if (failed.code == Code::internal) failed.detail += std::string(" in ") + sqlite3_sql(statement_);
  sqlite3_reset(statement_);
  return std::unexpected(std::move(failed));
}

std::string Statement::text(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(data, size);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(database_);
}

std::int64_t Connection::changes() const { return sqlite3_changes64(database_); }

Result<Statement> Connection::prepare(const char* sql) {
  auto& kept = statements_[sql];
  if (kept != nullptr && std::strcmp(sqlite3_sql(kept), sql) != 0) {  // the address was not a literal's after all
    sqlite3_finalize(std::exchange(kept, nullptr));
  }
  if (kept == nullptr) {
    if (sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr) != SQLITE_OK)
      return std::unexpected(last_failure(database_, sql));
  }
  if (sqlite3_stmt_busy(kept) != 0) return internal(std::string("a statement was run inside itself: ") + sql);
  return Statement(database_, kept);
}

}  // namespace gatehouse::sqlite
