// Reading users, keys, and cleaning up.
#include "identity/adapters/sqlite_store.h"

#include "identity/adapters/sqlite_rows.h"
#include "identity/user.h"

namespace gatehouse::identity {
namespace {

Result<v1::User> load_found(sqlite::Connection& connection, const Result<std::optional<UserId>>& id) {
  if (!id) return pass(id);
  if (!*id) return user_not_found();
  return load_user(connection, **id);
}

Result<std::vector<UserId>> pending_ids(sqlite::Connection& connection, WallTime created_before, int limit) {
  auto row = connection.query("SELECT id FROM users WHERE status = 1 AND created_at < ? ORDER BY created_at LIMIT ?",
                              to_ms(created_before), limit);
  if (!row) return pass(row);
  std::vector<UserId> ids;
  for (;;) {
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return ids;
    ids.push_back(UserId{uuid_at(*row, 0)});
  }
}

}  // namespace

Task<v1::User> SqliteStore::find_user(Call call, UserId id) {
  auto work = [id](Connection& c) { return load_user(c, id); };
  return database_.read<v1::User>(call, std::move(work));
}

Task<v1::User> SqliteStore::find_user_by_username(Call call, std::string key) {
  auto work = [key = std::move(key)](Connection& c) { return load_found(c, find_user_id_by_username(c, key)); };
  return database_.read<v1::User>(call, std::move(work));
}

Task<v1::User> SqliteStore::find_user_by_email(Call call, std::string key) {
  auto work = [key = std::move(key)](Connection& c) { return load_found(c, find_user_id_by_email(c, key)); };
  return database_.read<v1::User>(call, std::move(work));
}

Task<std::vector<v1::User>> SqliteStore::list_pending_users(Call call, WallTime created_before, int limit) {
  auto work = [created_before, limit](Connection& c) -> Result<std::vector<v1::User>> {
    const auto ids = pending_ids(c, created_before, limit);
    if (!ids) return pass(ids);
    std::vector<v1::User> users;
    for (const auto& id : *ids) {
      auto user = load_user(c, id);
      if (!user) return pass(user);
      users.push_back(std::move(*user));
    }
    return users;
  };
  return database_.read<std::vector<v1::User>>(call, std::move(work));
}

Result<SecretKey> SqliteStore::find_subject_key(Connection& connection, const Uuid& key_id) const {
  auto row = connection.query("SELECT box FROM subject_keys WHERE key_id = ?", blob_of(key_id));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (!*found) return not_found("erased", "The key of this subject has been destroyed.");
  return subject_keys_.open(key_id.str(), row->text(0));
}

Task<SecretKey> SqliteStore::find_subject_key(Call call, Uuid key_id) {
  auto work = [this, key_id](Connection& c) { return find_subject_key(c, key_id); };
  return database_.read<SecretKey>(call, std::move(work));
}

Task<int> SqliteStore::clean_up(Occasion occasion, int limit) {
  auto work = [now = occasion.now, limit](Connection& c) -> Result<int> {
    auto total = c.execute(
        "DELETE FROM subject_keys WHERE key_id IN "
        "(SELECT key_id FROM subject_keys WHERE expires_at <= ? LIMIT ?)",
        to_ms(now), limit);
    if (!total) return pass(total);
    const auto challenges =
        c.execute("DELETE FROM challenges WHERE id IN (SELECT id FROM challenges WHERE expires_at <= ? LIMIT ?)",
                  to_ms(now - expired_challenge_kept), limit);
    if (!challenges) return pass(challenges);
    const auto keys = c.execute(
        "DELETE FROM registrations WHERE key_hash IN "
        "(SELECT key_hash FROM registrations WHERE expires_at <= ? LIMIT ?)",
        to_ms(now), limit);
    if (!keys) return pass(keys);
    return static_cast<int>(*total + *challenges + *keys);
  };
  return database_.write<int>(occasion.call, std::move(work));
}

}  // namespace gatehouse::identity
