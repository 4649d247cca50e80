// Attempts in SQLite: the body of each job, on the database's threads. What to count is decided by lockout.h.
#pragma once

#include "credential/store.h"
#include "drivers/sqlite/connection.h"

namespace gatehouse::credential::sqlite_attempts {

[[nodiscard]] Result<lockout::Guard> load_guard(sqlite::Connection& connection, const Attempt& attempt);
[[nodiscard]] Done save_guard(sqlite::Connection& connection, const Attempt& attempt, const lockout::Guard& guard);
[[nodiscard]] Done fail(sqlite::Connection& connection, const Attempt& attempt, WallTime now);
[[nodiscard]] Done succeed(sqlite::Connection& connection, const Attempt& attempt);
[[nodiscard]] Result<bool> is_event_due(sqlite::Connection& connection, const Attempt& attempt, WallTime now);
[[nodiscard]] Done mark_event(sqlite::Connection& connection, const Attempt& attempt, WallTime now);
[[nodiscard]] Done forget_user(sqlite::Connection& connection, const std::string& user_id);
// Deletes some of what time has forgiven.
[[nodiscard]] Done remove_forgiven(sqlite::Connection& connection, WallTime now);

}  // namespace gatehouse::credential::sqlite_attempts
