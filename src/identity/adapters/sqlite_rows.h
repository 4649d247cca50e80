// Rows of identity's SQLite tables ↔ values. Plain functions for use inside a job on the database's thread.
#pragma once

#include <optional>
#include <vector>

#include "drivers/sqlite/connection.h"
#include "gatehouse/identity/v1/identity.pb.h"
#include "identity/challenge.h"
#include "identity/events.h"
#include "identity/store.h"

namespace gatehouse::identity {

[[nodiscard]] inline sqlite::Blob blob_of(const Uuid& id) { return {as_view(id.bytes)}; }
template <class Tag>
[[nodiscard]] sqlite::Blob blob_of(const Id<Tag>& id) {
  return blob_of(id.value);
}
[[nodiscard]] inline sqlite::Blob blob_of(const Digest& digest) { return {as_view(digest)}; }

[[nodiscard]] Uuid uuid_at(const sqlite::Statement& row, int column);  // nil when the column is not 16 octets

// NOT_FOUND user_not_found. With the primary e-mail address: the one verified first, else the one attached first.
[[nodiscard]] Result<v1::User> load_user(sqlite::Connection& connection, UserId id);
[[nodiscard]] Result<std::optional<UserId>> find_user_id_by_username(sqlite::Connection& connection,
                                                                     std::string_view key);
[[nodiscard]] Result<std::optional<UserId>> find_user_id_by_email(sqlite::Connection& connection, std::string_view key);
// The notice that makes every shard forget the user as they are now.
[[nodiscard]] Result<UserChanged> notice_of(sqlite::Connection& connection, UserId id);
// Counts a change: version + 1.
[[nodiscard]] Done touch_user(sqlite::Connection& connection, UserId id, WallTime now);

[[nodiscard]] Done insert_claim(sqlite::Connection& connection, const Occasion& occasion, const NewIdentifier& wanted);
[[nodiscard]] Result<std::vector<v1::Identifier>> load_identifiers(sqlite::Connection& connection, UserId user);

[[nodiscard]] Result<std::optional<Challenge>> load_challenge(sqlite::Connection& connection, ChallengeId id);
[[nodiscard]] Done insert_challenge(sqlite::Connection& connection, const Challenge& challenge);
// Saves what a guess or a redemption may change.
[[nodiscard]] Done save_challenge(sqlite::Connection& connection, const Challenge& challenge);
// Recovery codes that are on their way, or were sent until then, stop working, and nobody can tell: they become decoys.
[[nodiscard]] Done void_recoveries(sqlite::Connection& connection, UserId user, std::optional<WallTime> until = {});

// Runs a statement whose number of rows does not matter.
template <class... Args>
[[nodiscard]] Done run(sqlite::Connection& connection, const char* sql, const Args&... args) {
  const auto changed = connection.execute(sql, args...);
  if (!changed) return pass(changed);
  return {};
}

}  // namespace gatehouse::identity
