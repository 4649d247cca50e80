#include "auth/adapters/sqlite_keys.h"

#include "drivers/sqlite/outbox.h"

namespace gatehouse::auth::sqlite_keys {
namespace {

using sqlite::Blob;
using sqlite::Connection;

std::optional<KeyState> state_named(std::string_view name) {
  for (const auto state : {KeyState::next, KeyState::current, KeyState::retired})
    if (name == name_of(state)) return state;
  return std::nullopt;
}

Done insert(Connection& connection, const StoredKey& key) {
  auto inserted = connection.execute(
      "INSERT INTO signing_keys (kid, alg, state, sealed, jwk, created_at) VALUES (?, ?, ?, ?, ?, ?)", key.kid, key.alg,
      name_of(key.state), Blob{key.sealed}, key.jwk, to_ms(key.created_at));
  if (!inserted) return pass(inserted);
  return {};
}

Result<std::int64_t> grow_generation(Connection& connection) {
  auto row = connection.query("UPDATE key_set SET generation = generation + 1 RETURNING generation");
  if (!row) return pass(row);
  auto has = row->step();
  if (!has) return pass(has);
  const auto generation = row->integer(0);
  auto done = row->step();
  if (!done) return pass(done);
  return generation;
}

// Frees the place of `current` before `next` takes it: the table allows one of each.
Done move_states(Connection& connection, WallTime now) {
  auto retired = connection.execute("UPDATE signing_keys SET state = 'retired', retired_at = ? WHERE state = 'current'",
                                    to_ms(now));
  if (!retired) return pass(retired);
  auto promoted = connection.execute("UPDATE signing_keys SET state = 'current' WHERE state = 'next'");
  if (!promoted) return pass(promoted);
  return {};
}

}  // namespace

Result<KeyRing> load(Connection& connection) {
  auto rows = connection.query(
      "SELECT kid, alg, state, sealed, jwk, created_at, retired_at, (SELECT generation FROM key_set) "
      "FROM signing_keys ORDER BY created_at, CASE state WHEN 'retired' THEN 0 WHEN 'current' THEN 1 ELSE 2 END, kid");
  if (!rows) return pass(rows);
  KeyRing ring;
  for (;;) {
    auto has = rows->step();
    if (!has) return pass(has);
    if (!*has) return ring;
    const auto state = state_named(rows->text(2));
    if (!state) return internal("a signing key is in a state that does not exist");
    ring.generation = rows->integer(7);
    ring.keys.push_back({.kid = rows->text(0),
                         .alg = rows->text(1),
                         .state = *state,
                         .sealed = rows->text(3),
                         .jwk = rows->text(4),
                         .created_at = from_ms(rows->integer(5)),
                         .retired_at = from_ms(rows->integer(6))});
  }
}

Result<KeyRing> add_first(Connection& connection, const StoredKey& current, const StoredKey& next) {
  auto before = load(connection);
  if (!before || !before->keys.empty()) return before;
  for (const auto* key : {&current, &next}) {
    auto inserted = insert(connection, *key);
    if (!inserted) return pass(inserted);
  }
  auto grown = grow_generation(connection);
  if (!grown) return pass(grown);
  return load(connection);
}

Result<KeyRing> rotate(Connection& connection, const StoredKey& fresh, bool is_forced, const Moment& now, Random& random) {
  auto before = load(connection);
  if (!before) return before;
  const auto allowed = may_rotate(*before, now.at);
  if (!allowed && !is_forced) return pass(allowed);
  const auto after = rotated(std::move(*before), fresh, now.at);
  auto moved = move_states(connection, now.at);
  if (!moved) return pass(moved);
  auto inserted = insert(connection, after.keys.back());
  if (!inserted) return pass(inserted);
  auto grown = grow_generation(connection);
  if (!grown) return pass(grown);
  const auto* current = after.find(KeyState::current);
  auto told = sqlite::append_event(connection, key_rotated(now, current == nullptr ? "" : current->kid, random));
  if (!told) return pass(told);
  return load(connection);
}

Result<std::int64_t> remove_retired(Connection& connection, WallTime before) {
  auto removed =
      connection.execute("DELETE FROM signing_keys WHERE state = 'retired' AND retired_at < ?", to_ms(before));
  if (!removed) return removed;
  if (*removed == 0) return std::int64_t{0};
  return grow_generation(connection);
}

}  // namespace gatehouse::auth::sqlite_keys
