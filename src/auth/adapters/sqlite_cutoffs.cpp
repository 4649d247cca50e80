#include "auth/adapters/sqlite_cutoffs.h"

#include "auth/cutoff.h"

namespace gatehouse::auth::sqlite_cutoffs {

using sqlite::Connection;

Done check(Connection& connection, const OpenSession& request) {
  auto row = connection.query("SELECT revoked_at FROM cutoffs WHERE user_id = ?", request.session.user_id);
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  if (*has && is_overtaken(request.began_at, from_ms(row->integer(0))))
    return fail(Code::unauthenticated, "invalid_credentials", "The name or the password is wrong.",
                "all sessions were ended while this login was under way");
  return {};
}

// The later of two that race; but after the clock has been set back, the new one although it is earlier.
Done remember(Connection& connection, const RevokeSessions& request, WallTime now) {
  if (request.only) return {};
  const auto revoked_at = request.as_of.value_or(now);
  if (now - revoked_at > login_lasts_at_most) return {};  // nothing so old is under way
  auto kept = connection.execute(
      "INSERT INTO cutoffs (user_id, revoked_at) VALUES (?1, ?2) ON CONFLICT (user_id) DO UPDATE SET revoked_at = "
      "iif(revoked_at - ?2 BETWEEN 0 AND ?3, revoked_at, ?2)",
      request.user_id, to_ms(revoked_at), static_cast<std::int64_t>(login_lasts_at_most.count()));
  if (!kept) return pass(kept);
  return {};
}

Result<std::int64_t> remove_before(Connection& connection, WallTime before, std::size_t rows_max) {
  return connection.execute(
      "DELETE FROM cutoffs WHERE user_id IN (SELECT user_id FROM cutoffs WHERE revoked_at < ? LIMIT ?)",
      to_ms(before - login_lasts_at_most), static_cast<std::int64_t>(rows_max));
}

}  // namespace gatehouse::auth::sqlite_cutoffs
