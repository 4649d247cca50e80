#include "auth/adapters/sqlite_expiry.h"

#include <algorithm>

#include "auth/adapters/sqlite_cutoffs.h"

namespace gatehouse::auth::sqlite_expiry {

Result<std::size_t> remove_expired(sqlite::Connection& connection, WallTime before, std::size_t rows_max) {
  const std::int64_t limit = static_cast<std::int64_t>(rows_max), until = to_ms(before);
  auto sessions = connection.execute(
      "DELETE FROM sessions WHERE id IN "
      "(SELECT id FROM (SELECT id, expires_at FROM sessions ORDER BY id LIMIT ?) WHERE expires_at < ?)",
      limit, until);
  if (!sessions) return pass(sessions);
  auto revocations = connection.execute(
      "DELETE FROM revocations WHERE session_id IN (SELECT session_id FROM revocations WHERE until < ? LIMIT ?)",
      until, limit);
  if (!revocations) return pass(revocations);
  auto cutoffs = sqlite_cutoffs::remove_before(connection, before, rows_max);
  if (!cutoffs) return pass(cutoffs);
  return static_cast<std::size_t>(std::max({*sessions, *revocations, *cutoffs}));
}

}  // namespace gatehouse::auth::sqlite_expiry
