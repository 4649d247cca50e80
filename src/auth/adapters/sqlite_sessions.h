// Sessions and revocations in SQLite: the body of each write or read job, on the database's own threads.
#pragma once

#include "auth/store.h"
#include "base/random.h"
#include "drivers/sqlite/connection.h"

namespace gatehouse::auth::sqlite_sessions {

[[nodiscard]] Result<OpenedSession> open(sqlite::Connection& connection, const OpenSession& request, const Moment& now,
                                         Random& random);
[[nodiscard]] Result<RotationOutcome> rotate(sqlite::Connection& connection, const Rotation& request, const Moment& now,
                                             Random& random);
[[nodiscard]] Result<std::vector<Revocation>> revoke(sqlite::Connection& connection, const RevokeSessions& request,
                                                     const Moment& now, Random& random);

struct Page {
  std::string user_id;
  std::optional<SessionId> before;
  std::size_t limit = 0;
};
[[nodiscard]] Result<std::vector<Session>> list(sqlite::Connection& connection, const Page& page, WallTime now);
[[nodiscard]] Result<std::vector<Revocation>> list_revocations(sqlite::Connection& connection, WallTime now);

}  // namespace gatehouse::auth::sqlite_sessions
