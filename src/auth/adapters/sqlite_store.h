// The auth role's storage in SQLite. One object per shard over the shared database.
#pragma once

#include <memory>

#include "auth/store.h"
#include "base/random.h"
#include "drivers/sqlite/database.h"

namespace gatehouse::auth {

// `random` makes event ids on the writer thread: it must be safe there (SystemRandom).
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(sqlite::Database& database, Random& random);

}  // namespace gatehouse::auth
