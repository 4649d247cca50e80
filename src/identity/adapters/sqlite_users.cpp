// Users: registration, status, change, erasure.
#include "drivers/sqlite/outbox.h"
#include "identity/adapters/sqlite_rows.h"
#include "identity/adapters/sqlite_store.h"
#include "identity/user.h"

namespace gatehouse::identity {
namespace {

Done check_username_free(sqlite::Connection& connection, const Username& username, UserId user) {
  auto row = connection.query(
      "SELECT 1 FROM users WHERE (username_key = ?1 OR look_alike IN (?2, ?3) OR written_look_alike IN (?2, ?3)) "
      "AND id <> ?4",
      username.key, username.look_alike, username.written_look_alike, blob_of(user));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (*found) return conflict("username_taken", "This username is taken.");
  return {};
}

Done insert_user(sqlite::Connection& connection, const Occasion& occasion, const NewUser& user) {
  const auto now_ms = to_ms(occasion.now);
  return run(connection,
             "INSERT INTO users (id, username, username_key, look_alike, written_look_alike, status, created_at, "
             "updated_at, version) VALUES (?, ?, ?, ?, ?, 1, ?, ?, 1)",
             blob_of(user.id), user.username.text, user.username.key, user.username.look_alike,
             user.username.written_look_alike, now_ms, now_ms);
}

Done insert_registration(sqlite::Connection& connection, const Occasion& occasion, const NewUser& user) {
  return run(connection,
             "INSERT OR REPLACE INTO registrations (key_hash, request_hash, user_id, expires_at) VALUES (?, ?, ?, ?)",
             blob_of(user.idempotency_key), blob_of(user.request_hash), blob_of(user.id),
             to_ms(occasion.now + idempotency_key_kept));
}

Done claim_email(sqlite::Connection& connection, const Occasion& occasion, const NewUser& user, Random& random) {
  if (!user.email) return {};
  const NewIdentifier claim{.id = Uuid::make_v7(occasion.now, random), .user = user.id, .email = *user.email, .proof = {}};
  return insert_claim(connection, occasion, claim);
}

// What a patch would change, by name.
std::vector<std::string_view> changed_fields(const v1::User& user, const UserPatch& patch) {
  std::vector<std::string_view> changed;
  if (patch.username && patch.username->text != user.username()) changed.push_back("username");
  if (patch.display_name && *patch.display_name != user.display_name()) changed.push_back("display_name");
  if (patch.locale && *patch.locale != user.locale()) changed.push_back("locale");
  return changed;
}

Done apply(sqlite::Connection& connection, UserId id, const UserPatch& patch) {
  if (patch.username) {
    auto done = run(
        connection,
        "UPDATE users SET username = ?, username_key = ?, look_alike = ?, written_look_alike = ? WHERE id = ?",
        patch.username->text, patch.username->key, patch.username->look_alike, patch.username->written_look_alike,
        blob_of(id));
    if (!done) return done;
  }
  return run(connection,
             "UPDATE users SET display_name = coalesce(?, display_name), locale = coalesce(?, locale) WHERE id = ?",
             patch.display_name, patch.locale, blob_of(id));
}

}  // namespace

Result<std::optional<CreatedUser>> SqliteStore::resume(Connection& connection, const Occasion& occasion,
                                                       const NewUser& user) const {
  UserId id;
  {
    auto row = connection.query("SELECT request_hash, user_id FROM registrations WHERE key_hash = ? AND expires_at > ?",
                                blob_of(user.idempotency_key), to_ms(occasion.now));
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    if (row->text(0) != as_view(user.request_hash))
      return fail(Code::aborted, "idempotency_key_reused", "This idempotency key has been used for another request.");
    id = UserId{uuid_at(*row, 1)};
  }
  auto loaded = load_user(connection, id);
  if (!loaded) return pass(loaded);
  return CreatedUser{.user = std::move(*loaded), .resumed = true};
}

Result<CreatedUser> SqliteStore::create_user(Connection& connection, const Occasion& occasion,
                                             const NewUser& user) const {
  auto resumed = resume(connection, occasion, user);
  if (!resumed) return pass(resumed);
  if (*resumed) return std::move(**resumed);
  if (auto is_free = check_username_free(connection, user.username, user.id); !is_free) return pass(is_free);
  const auto key = subject_keys_.make(user.id.str());
  Done done = insert_user(connection, occasion, user);
  if (done) done = insert_registration(connection, occasion, user);
  if (done) done = claim_email(connection, occasion, user, random_);
  if (done)
    done = run(connection, "INSERT INTO subject_keys (key_id, box) VALUES (?, ?)", blob_of(user.id),
               sqlite::Blob{key.box});
  if (!done) return pass(done);
  auto loaded = load_user(connection, user.id);
  if (!loaded) return pass(loaded);
  return CreatedUser{.user = std::move(*loaded)};
}

// The world hears of a user, and of their addresses, when the registration is complete and not before.
Done SqliteStore::announce_created(Connection& connection, const Occasion& occasion, const v1::User& user,
                                   UserId id) const {
  const EventMaker events(occasion, random_);
  const auto key = find_subject_key(connection, id.value);
  if (!key) return pass(key);
  Done done = sqlite::append_event(connection, events.user_created(user, *key));
  const auto identifiers = load_identifiers(connection, id);
  if (!identifiers) return pass(identifiers);
  for (const auto& identifier : *identifiers) {
    if (done) done = sqlite::append_event(connection, events.identifier_attached(user.id(), identifier));
    if (done && identifier.verified())
      done = sqlite::append_event(connection, events.identifier_verified(user.id(), identifier));
  }
  return done;
}

Result<Changed<v1::User>> SqliteStore::activate_user(Connection& connection, const Occasion& occasion,
                                                     UserId id) const {
  auto user = load_user(connection, id);
  if (!user) return pass(user);
  const auto is_due = decide_activation(user->status());
  if (!is_due) return pass(is_due);
  if (!*is_due) return Changed<v1::User>{.value = std::move(*user)};
  Done done = run(connection, "UPDATE users SET status = 2 WHERE id = ?", blob_of(id));
  if (done) done = touch_user(connection, id, occasion.now);
  if (!done) return pass(done);
  user = load_user(connection, id);
  if (!user) return pass(user);
  if (done = announce_created(connection, occasion, *user, id); !done) return pass(done);
  auto notice = notice_of(connection, id);
  if (!notice) return pass(notice);
  return Changed<v1::User>{.value = std::move(*user), .users = {std::move(*notice)}};
}

// Every row of a user, and the keys of the codes that were mailed to them.
Done SqliteStore::erase_rows(Connection& connection, UserId id) const {
  const auto blob = blob_of(id);
  connection.mark_erasure();
  Done done = run(connection,
                  "DELETE FROM subject_keys WHERE key_id = ?1 OR key_id IN "
                  "(SELECT id FROM challenges WHERE owner = ?1 OR created_by = ?1)",
                  blob);
  if (done) done = run(connection, "DELETE FROM challenges WHERE owner = ?1 OR created_by = ?1", blob);
  if (done) done = run(connection, "DELETE FROM identifiers WHERE user_id = ?", blob);
  if (done) done = run(connection, "DELETE FROM registrations WHERE user_id = ?", blob);
  if (done) done = run(connection, "DELETE FROM users WHERE id = ?", blob);
  return done;
}

Result<Changed<bool>> SqliteStore::release_user(Connection& connection, const Occasion& occasion, UserId id) const {
  const auto user = load_user(connection, id);
  if (!user && user.error().code != Code::not_found) return pass(user);
  if (!user || !can_release(user->status())) return Changed<bool>{.value = false};
  auto notice = notice_of(connection, id);
  if (!notice) return pass(notice);
  notice->version = 0;
  Done done = erase_rows(connection, id);
  if (done) done = sqlite::append_event(connection, EventMaker(occasion, random_).user_released(user->id()));
  if (!done) return pass(done);
  return Changed<bool>{.value = true, .users = {std::move(*notice)}};
}

Result<Changed<v1::User>> SqliteStore::update_user(Connection& connection, const Occasion& occasion, UserId id,
                                                   const UserPatch& patch) const {
  auto user = load_user(connection, id);
  if (!user) return pass(user);
  if (auto current = check_version(*user, patch.expected_version); !current) return pass(current);
  const auto changed = changed_fields(*user, patch);
  if (changed.empty()) return Changed<v1::User>{.value = std::move(*user)};
  auto notice = notice_of(connection, id);  // with the name they had
  if (!notice) return pass(notice);
  if (patch.username) {
    if (auto is_free = check_username_free(connection, *patch.username, id); !is_free) return pass(is_free);
    notice->username_keys.push_back(patch.username->key);
  }
  Done done = apply(connection, id, patch);
  if (done) done = touch_user(connection, id, occasion.now);
  if (!done) return pass(done);
  user = load_user(connection, id);
  if (!user) return pass(user);
  notice->version = user->version();
  done = sqlite::append_event(connection, EventMaker(occasion, random_).user_updated(*user, changed));
  if (!done) return pass(done);
  return Changed<v1::User>{.value = std::move(*user), .users = {std::move(*notice)}};
}

Result<Changed<v1::User>> SqliteStore::set_user_disabled(Connection& connection, const Occasion& occasion, UserId id,
                                                         bool disabled) const {
  auto user = load_user(connection, id);
  if (!user) return pass(user);
  const auto changes = decide_disabled(user->status(), disabled);
  if (!changes) return pass(changes);
  if (!*changes) return Changed<v1::User>{.value = std::move(*user)};
  Done done = run(connection, "UPDATE users SET status = ? WHERE id = ?", disabled ? 3 : 2, blob_of(id));
  if (done) done = touch_user(connection, id, occasion.now);
  if (done && disabled) done = identity::void_recoveries(connection, id);
  if (!done) return pass(done);
  user = load_user(connection, id);
  if (!user) return pass(user);
  constexpr std::string_view changed[] = {"status"};
  done = sqlite::append_event(connection, EventMaker(occasion, random_).user_updated(*user, changed));
  if (!done) return pass(done);
  auto notice = notice_of(connection, id);
  if (!notice) return pass(notice);
  return Changed<v1::User>{.value = std::move(*user), .users = {std::move(*notice)}};
}

Result<Changed<Nothing>> SqliteStore::delete_user(Connection& connection, const Occasion& occasion, UserId id,
                                                  std::optional<std::int64_t> expected_version) const {
  const auto user = load_user(connection, id);
  if (!user) return pass(user);
  if (auto current = check_version(*user, expected_version); !current) return pass(current);
  auto notice = notice_of(connection, id);
  if (!notice) return pass(notice);
  notice->version = 0;
  Done done = erase_rows(connection, id);
  if (done)
    done = run(connection, "INSERT OR REPLACE INTO erased_users (id, erased_at) VALUES (?, ?)", blob_of(id),
               to_ms(occasion.now));
  if (done) done = sqlite::append_event(connection, EventMaker(occasion, random_).user_deleted(user->id()));
  if (!done) return pass(done);
  return Changed<Nothing>{.users = {std::move(*notice)}};
}

Task<CreatedUser> SqliteStore::create_user(Occasion occasion, NewUser user) {
  auto work = [this, occasion, user = std::move(user)](Connection& c) { return create_user(c, occasion, user); };
  return database_.write<CreatedUser>(occasion.call, std::move(work));
}
Task<Changed<v1::User>> SqliteStore::activate_user(Occasion occasion, UserId id) {
  auto work = [this, occasion, id](Connection& c) { return activate_user(c, occasion, id); };
  return database_.write<Changed<v1::User>>(occasion.call, std::move(work));
}
Task<Changed<bool>> SqliteStore::release_user(Occasion occasion, UserId id) {
  auto work = [this, occasion, id](Connection& c) { return release_user(c, occasion, id); };
  return database_.write<Changed<bool>>(occasion.call, std::move(work));
}
Task<Changed<v1::User>> SqliteStore::update_user(Occasion occasion, UserId id, UserPatch patch) {
  auto work = [this, occasion, id, patch = std::move(patch)](Connection& c) {
    return update_user(c, occasion, id, patch);
  };
  return database_.write<Changed<v1::User>>(occasion.call, std::move(work));
}
Task<Changed<v1::User>> SqliteStore::set_user_disabled(Occasion occasion, UserId id, bool disabled) {
  auto work = [this, occasion, id, disabled](Connection& c) { return set_user_disabled(c, occasion, id, disabled); };
  return database_.write<Changed<v1::User>>(occasion.call, std::move(work));
}
Task<Changed<Nothing>> SqliteStore::delete_user(Occasion occasion, UserId id,
                                                std::optional<std::int64_t> expected_version) {
  auto work = [this, occasion, id, expected_version](Connection& c) {
    return delete_user(c, occasion, id, expected_version);
  };
  return database_.write<Changed<Nothing>>(occasion.call, std::move(work));
}

}  // namespace gatehouse::identity
