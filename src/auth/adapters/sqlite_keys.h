// Signing keys in SQLite: the body of each write or read job, on the database's own threads.
#pragma once

#include "auth/store.h"
#include "base/random.h"
#include "drivers/sqlite/connection.h"

namespace gatehouse::auth::sqlite_keys {

[[nodiscard]] Result<KeyRing> load(sqlite::Connection& connection);
[[nodiscard]] Result<KeyRing> add_first(sqlite::Connection& connection, const StoredKey& current,
                                        const StoredKey& next);
[[nodiscard]] Result<KeyRing> rotate(sqlite::Connection& connection, const StoredKey& fresh, bool is_forced, const Moment& now,
                                     Random& random);
// The new generation when keys went, else 0.
[[nodiscard]] Result<std::int64_t> remove_retired(sqlite::Connection& connection, WallTime before);

}  // namespace gatehouse::auth::sqlite_keys
