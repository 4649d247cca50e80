#include "drivers/sqlite/failure.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace gatehouse::sqlite {
namespace {

std::unexpected<Error> constraint(int extended_code, std::string_view detail) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return fail(Code::already_exists, "unique_violation", "This exists already.", detail);
    default:
      return fail(Code::failed_precondition, "constraint_violation", "This does not fit what is stored.", detail);
  }
}

}  // namespace

Error failure_of(int extended_code, std::string_view during, std::string_view detail) {
  const auto text = fmt::format("sqlite {}: {} ({})", during, detail, extended_code);
  switch (extended_code & 0xFF) {
    case SQLITE_CONSTRAINT: return constraint(extended_code, text).error();
    case SQLITE_FULL:
    case SQLITE_IOERR:  // a full disk also shows as a failed sync or a short write of the shared memory
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: return unavailable("storage_full", text, 5000).error();
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return unavailable("storage_busy", text).error();
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(Code::data_loss, "storage_corrupt", "Something went wrong on our side.", text).error();
    default: return internal(text).error();
  }
}

Error last_failure(sqlite3* database, std::string_view during) {
  return failure_of(sqlite3_extended_errcode(database), during, sqlite3_errmsg(database));
}

}  // namespace gatehouse::sqlite
