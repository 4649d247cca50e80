// What is over and goes: sessions, revocations and cutoffs in SQLite, on the writer thread.
#pragma once

#include "base/clock.h"
#include "drivers/sqlite/connection.h"

namespace gatehouse::auth::sqlite_expiry {

// How many rows of the kind with the most went, at most `rows_max` of each.
[[nodiscard]] Result<std::size_t> remove_expired(sqlite::Connection& connection, WallTime before, std::size_t rows_max);

}  // namespace gatehouse::auth::sqlite_expiry
