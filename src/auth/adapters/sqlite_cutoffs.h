// Cutoffs in SQLite (auth/cutoff.h): parts of the write jobs of sqlite_sessions.h, on the database's own thread.
#pragma once

#include <cstdint>

#include "auth/store.h"
#include "drivers/sqlite/connection.h"

namespace gatehouse::auth::sqlite_cutoffs {

// UNAUTHENTICATED invalid_credentials when all sessions of the user were ended while this login was under way.
[[nodiscard]] Done check(sqlite::Connection& connection, const OpenSession& request);
// Unless it is about one session only.
[[nodiscard]] Done remember(sqlite::Connection& connection, const RevokeSessions& request, WallTime now);
// How many rows went.
[[nodiscard]] Result<std::int64_t> remove_before(sqlite::Connection& connection, WallTime before, std::size_t rows_max);

}  // namespace gatehouse::auth::sqlite_cutoffs
