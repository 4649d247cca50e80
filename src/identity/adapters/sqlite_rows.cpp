#include "identity/adapters/sqlite_rows.h"

#include <algorithm>

#include "identity/user.h"

namespace gatehouse::identity {
namespace {

std::optional<std::int64_t> ms_of(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return to_ms(*time);
}

template <class IdType>
std::optional<sqlite::Blob> blob_of_optional(const std::optional<IdType>& id) {
  if (!id) return std::nullopt;
  return blob_of(*id);
}

std::optional<WallTime> time_at(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return from_ms(row.integer(column));
}

Digest digest_at(const sqlite::Statement& row, int column) {
  Digest digest{};
  const auto text = row.text(column);
  std::ranges::copy(as_bytes(text).first(std::min(text.size(), digest.size())), digest.begin());
  return digest;
}

std::optional<UserId> user_at(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return UserId{uuid_at(row, column)};
}

template <class... Args>
Result<std::optional<UserId>> find_id(sqlite::Connection& connection, const char* sql, const Args&... args) {
  auto row = connection.query(sql, args...);
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  return *found ? user_at(*row, 0) : std::nullopt;
}

}  // namespace

Uuid uuid_at(const sqlite::Statement& row, int column) {
  Uuid id;
  const auto text = row.text(column);
  if (text.size() == id.bytes.size()) std::ranges::copy(as_bytes(text), id.bytes.begin());
  return id;
}

Result<v1::User> load_user(sqlite::Connection& connection, UserId id) {
  auto row = connection.query(
      "SELECT u.username, u.display_name, u.locale, u.status, u.created_at, u.updated_at, u.version, i.value, "
      "i.verified_at "
      "FROM users u LEFT JOIN identifiers i ON i.id = (SELECT id FROM identifiers WHERE user_id = u.id AND type = "
      "'email' "
      "ORDER BY verified_at IS NULL, verified_at, created_at, id LIMIT 1) WHERE u.id = ?",
      blob_of(id));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (!*found) return user_not_found();
  v1::User user;
  user.set_id(id.str());
  user.set_username(row->text(0));
  user.set_display_name(row->text(1));
  user.set_locale(row->text(2));
  user.set_status(static_cast<v1::UserStatus>(row->integer(3)));
  user.set_created_at_ms(row->integer(4));
  user.set_updated_at_ms(row->integer(5));
  user.set_version(row->integer(6));
  if (!row->is_null(7)) user.set_email(row->text(7));
  user.set_email_verified(!row->is_null(8));
  return user;
}

Result<std::optional<UserId>> find_user_id_by_username(sqlite::Connection& connection, std::string_view key) {
  return find_id(connection, "SELECT id FROM users WHERE username_key = ?", key);
}

Result<std::optional<UserId>> find_user_id_by_email(sqlite::Connection& connection, std::string_view key) {
  return find_id(connection,
                 "SELECT user_id FROM identifiers WHERE type = 'email' AND value_key = ? AND verified_at IS NOT NULL",
                 key);
}

Result<UserChanged> notice_of(sqlite::Connection& connection, UserId id) {
  auto row = connection.query("SELECT username_key, version FROM users WHERE id = ?", blob_of(id));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (!*found) return user_not_found();
  return UserChanged{.user_id = id.str(), .username_keys = {row->text(0)}, .version = row->integer(1)};
}

Done touch_user(sqlite::Connection& connection, UserId id, WallTime now) {
  return run(connection, "UPDATE users SET version = version + 1, updated_at = ? WHERE id = ?", to_ms(now),
             blob_of(id));
}

Result<std::vector<v1::Identifier>> load_identifiers(sqlite::Connection& connection, UserId user) {
  auto row = connection.query(
      "SELECT id, type, value, created_at, verified_at FROM identifiers WHERE user_id = ? ORDER BY created_at, id",
      blob_of(user));
  if (!row) return pass(row);
  std::vector<v1::Identifier> identifiers;
  for (;;) {
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return identifiers;
    auto& identifier = identifiers.emplace_back();
    identifier.set_id(uuid_at(*row, 0).str());
    identifier.set_type(row->text(1));
    identifier.set_value(row->text(2));
    identifier.set_created_at_ms(row->integer(3));
    identifier.set_verified(!row->is_null(4));
    if (identifier.verified()) identifier.set_verified_at_ms(row->integer(4));
  }
}

Result<std::optional<Challenge>> load_challenge(sqlite::Connection& connection, ChallengeId id) {
  auto row = connection.query(
      "SELECT purpose, address_hash, code_hash, tries, created_at, expires_at, solved_at, redeemed_at, owner, "
      "created_by "
      "FROM challenges WHERE id = ?",
      blob_of(id));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (!*found) return std::nullopt;
  Challenge challenge;
  challenge.id = id;
  challenge.purpose = static_cast<Purpose>(row->integer(0));
  challenge.address_hash = digest_at(*row, 1);
  challenge.code_hash = digest_at(*row, 2);
  challenge.tries = static_cast<std::uint32_t>(row->integer(3));
  challenge.created_at = from_ms(row->integer(4));
  challenge.expires_at = from_ms(row->integer(5));
  challenge.solved_at = time_at(*row, 6);
  challenge.redeemed_at = time_at(*row, 7);
  challenge.owner = user_at(*row, 8);
  challenge.created_by = user_at(*row, 9);
  return challenge;
}

Done insert_challenge(sqlite::Connection& connection, const Challenge& challenge) {
  return run(connection,
             "INSERT INTO challenges (id, purpose, address_hash, code_hash, created_at, expires_at, owner, created_by) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
             blob_of(challenge.id), static_cast<int>(challenge.purpose), blob_of(challenge.address_hash),
             blob_of(challenge.code_hash), to_ms(challenge.created_at), to_ms(challenge.expires_at),
             blob_of_optional(challenge.owner), blob_of_optional(challenge.created_by));
}

Done save_challenge(sqlite::Connection& connection, const Challenge& challenge) {
  return run(connection, "UPDATE challenges SET tries = ?, expires_at = ?, solved_at = ?, redeemed_at = ? WHERE id = ?",
             static_cast<int>(challenge.tries), to_ms(challenge.expires_at), ms_of(challenge.solved_at),
             ms_of(challenge.redeemed_at), blob_of(challenge.id));
}

Done void_recoveries(sqlite::Connection& connection, UserId user, std::optional<WallTime> until) {
  return run(connection,
             "UPDATE challenges SET owner = NULL, code_hash = zeroblob(32) WHERE owner = ?1 AND solved_at IS NULL "
             "AND (?2 IS NULL OR created_at <= ?2)",
             blob_of(user), ms_of(until));
}

Done insert_claim(sqlite::Connection& connection, const Occasion& occasion, const NewIdentifier& wanted) {
  return run(connection,
             "INSERT INTO identifiers (id, user_id, type, value, value_key, created_at) VALUES (?, ?, 'email', ?, ?, ?)",
             blob_of(wanted.id), blob_of(wanted.user), wanted.email.text, wanted.email.key, to_ms(occasion.now));
}

}  // namespace gatehouse::identity
