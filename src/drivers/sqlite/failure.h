// SQLite's result codes as Errors. One table; the message of the library is private detail.
#pragma once

#include <string_view>

#include "base/error.h"

struct sqlite3;

namespace gatehouse::sqlite {

// What the last call on `database` failed with: ALREADY_EXISTS unique_violation, FAILED_PRECONDITION
// constraint_violation, UNAVAILABLE storage_full | storage_busy, DATA_LOSS storage_corrupt, else INTERNAL.
[[nodiscard]] Error last_failure(sqlite3* database, std::string_view during);
[[nodiscard]] Error failure_of(int extended_code, std::string_view during, std::string_view detail);

}  // namespace gatehouse::sqlite
