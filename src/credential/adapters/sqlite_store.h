// The credential role's storage in SQLite. One object per shard over the shared database.
#pragma once

#include <memory>

#include "base/random.h"
#include "credential/store.h"
#include "drivers/sqlite/database.h"

namespace gatehouse::credential {

// `in_flight` is shared by all shards. `random` makes event ids on the writer thread: it must be safe there (SystemRandom).
[[nodiscard]] std::unique_ptr<Store> make_sqlite_store(sqlite::Database& database, InFlight& in_flight, Random& random);

}  // namespace gatehouse::credential
