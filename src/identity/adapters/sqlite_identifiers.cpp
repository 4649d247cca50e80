// Addresses of users: claimed by many, verified by one.
#include "base/limits.h"
#include "drivers/sqlite/outbox.h"
#include "identity/adapters/sqlite_rows.h"
#include "identity/adapters/sqlite_store.h"
#include "identity/user.h"

namespace gatehouse::identity {
namespace {

struct Held {  // the same address, at the same user
  Uuid id;
  bool verified = false;
};

Result<std::optional<Held>> find_held(sqlite::Connection& connection, const NewIdentifier& wanted) {
  auto row =
      connection.query("SELECT id, verified_at FROM identifiers WHERE user_id = ? AND type = 'email' AND value_key = ?",
                       blob_of(wanted.user), wanted.email.key);
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (!*found) return std::nullopt;
  return Held{.id = uuid_at(*row, 0), .verified = !row->is_null(1)};
}

Done check_room(sqlite::Connection& connection, UserId user) {
  auto row = connection.query("SELECT count(*) FROM identifiers WHERE user_id = ?", blob_of(user));
  if (!row) return pass(row);
  const auto found = row->step();
  if (!found) return pass(found);
  if (row->integer(0) >= static_cast<std::int64_t>(limits::identifiers_per_user_max))
    return fail(Code::resource_exhausted, "too_many_identifiers", "You have as many addresses as you can have.");
  return {};
}

Result<v1::Identifier> load_identifier(sqlite::Connection& connection, UserId user, const Uuid& id) {
  auto identifiers = load_identifiers(connection, user);
  if (!identifiers) return pass(identifiers);
  for (auto& identifier : *identifiers)
    if (identifier.id() == id.str()) return std::move(identifier);
  return not_found("identifier_not_found", "There is no such address.");
}

// Counts the loss of an address and tells the world which fields it changed; a pending user is not told of.
Result<UserChanged> announce_loss(sqlite::Connection& connection, const EventMaker& events, const v1::User& before,
                                  UserId id, WallTime now) {
  Done done = touch_user(connection, id, now);
  if (!done) return pass(done);
  const auto after = load_user(connection, id);
  if (!after) return pass(after);
  std::vector<std::string_view> changed{"identifiers"};
  if (after->email() != before.email()) changed.push_back("email");
  if (after->status() != v1::USER_STATUS_PENDING)
    done = sqlite::append_event(connection, events.user_updated(*after, changed));
  if (!done) return pass(done);
  return notice_of(connection, id);
}

}  // namespace

// Spends the challenge that proves the address. Only whoever has proven it learns that another has verified it.
Done SqliteStore::use_proof(Connection& connection, const Occasion& occasion, const NewIdentifier& wanted) const {
  auto challenge = load_challenge(connection, *wanted.proof);
  if (!challenge) return pass(challenge);
  if (!*challenge || !redeem(**challenge, wanted.address_hash, wanted.user, occasion.now))
    return fail(Code::failed_precondition, "challenge_not_solved", "This address has not been confirmed with a code.");
  const auto verified_by = find_user_id_by_email(connection, wanted.email.key);
  if (!verified_by) return pass(verified_by);
  if (*verified_by) return conflict("identifier_taken", "Another account has this address.");
  return save_challenge(connection, **challenge);
}

// The first to verify an address has it alone.
Done SqliteStore::drop_other_claims(Connection& connection, const Occasion& occasion, const NewIdentifier& wanted,
                                    std::vector<UserChanged>& users) const {
  std::vector<UserId> others;
  {
    auto row =
        connection.query("SELECT user_id FROM identifiers WHERE type = 'email' AND value_key = ? AND user_id <> ?",
                         wanted.email.key, blob_of(wanted.user));
    if (!row) return pass(row);
    for (;;) {
      const auto found = row->step();
      if (!found) return pass(found);
      if (!*found) break;
      others.push_back(UserId{uuid_at(*row, 0)});
    }
  }
  const EventMaker events(occasion, random_);
  for (const auto& other : others) {
    const auto before = load_user(connection, other);
    if (!before) return pass(before);
    Done done = run(connection, "DELETE FROM identifiers WHERE user_id = ? AND type = 'email' AND value_key = ?",
                    blob_of(other), wanted.email.key);
    if (!done) return done;
    auto notice = announce_loss(connection, events, *before, other, occasion.now);
    if (!notice) return pass(notice);
    users.push_back(std::move(*notice));
  }
  return {};
}

Result<Changed<v1::Identifier>> SqliteStore::attach_identifier(Connection& connection, const Occasion& occasion,
                                                               const NewIdentifier& wanted) const {
  const auto user = load_user(connection, wanted.user);
  if (!user) return pass(user);
  const auto held = find_held(connection, wanted);
  if (!held) return pass(held);
  if (*held && ((*held)->verified || !wanted.proof)) {
    auto there = load_identifier(connection, wanted.user, (*held)->id);
    if (!there) return pass(there);
    return Changed<v1::Identifier>{.value = std::move(*there)};
  }
  NewIdentifier target = wanted;
  Done done;
  if (wanted.proof) done = use_proof(connection, occasion, wanted);
  if (*held) {
    target.id = (*held)->id;
  } else {
    if (done) done = check_room(connection, wanted.user);
    if (done) done = insert_claim(connection, occasion, wanted);
  }
  if (!done) return pass(done);
  return verify_identifier(connection, occasion, target, !*held);
}

// The rest of attaching: marks the address verified when it was proven, counts the change, tells the world.
Result<Changed<v1::Identifier>> SqliteStore::verify_identifier(Connection& connection, const Occasion& occasion,
                                                               const NewIdentifier& wanted, bool is_new) const {
  Changed<v1::Identifier> result;
  Done done;
  if (wanted.proof) {
    done =
        run(connection, "UPDATE identifiers SET verified_at = ? WHERE id = ?", to_ms(occasion.now), blob_of(wanted.id));
    if (done) done = drop_other_claims(connection, occasion, wanted, result.users);
  }
  if (done) done = touch_user(connection, wanted.user, occasion.now);
  if (!done) return pass(done);
  const auto user = load_user(connection, wanted.user);
  if (!user) return pass(user);
  auto identifier = load_identifier(connection, wanted.user, wanted.id);
  if (!identifier) return pass(identifier);
  result.value = std::move(*identifier);
  if (user->status() != v1::USER_STATUS_PENDING) {
    const EventMaker events(occasion, random_);
    if (is_new) done = sqlite::append_event(connection, events.identifier_attached(user->id(), result.value));
    if (done && wanted.proof)
      done = sqlite::append_event(connection, events.identifier_verified(user->id(), result.value));
  }
  auto notice = notice_of(connection, wanted.user);
  if (done && !notice) return pass(notice);
  if (!done) return pass(done);
  result.users.push_back(std::move(*notice));
  return result;
}

Result<Changed<Nothing>> SqliteStore::detach_identifier(Connection& connection, const Occasion& occasion, UserId user,
                                                        Uuid identifier) const {
  const auto before = load_user(connection, user);
  if (!before) return pass(before);
  const auto gone = load_identifier(connection, user, identifier);
  if (!gone) return pass(gone);
  const EventMaker events(occasion, random_);
  Done done = run(connection, "DELETE FROM identifiers WHERE id = ?", blob_of(identifier));
  // A recovery code that is on its way to the address must not work any more.
  if (done) done = identity::void_recoveries(connection, user);
  if (done && before->status() != v1::USER_STATUS_PENDING) {
    const auto key = find_subject_key(connection, user.value);
    if (!key) return pass(key);
    done = sqlite::append_event(connection, events.identifier_detached(before->id(), *gone, *key));
  }
  if (!done) return pass(done);
  auto notice = announce_loss(connection, events, *before, user, occasion.now);
  if (!notice) return pass(notice);
  return Changed<Nothing>{.users = {std::move(*notice)}};
}

Task<Changed<v1::Identifier>> SqliteStore::attach_identifier(Occasion occasion, NewIdentifier identifier) {
  auto work = [this, occasion, identifier = std::move(identifier)](Connection& c) {
    return attach_identifier(c, occasion, identifier);
  };
  return database_.write<Changed<v1::Identifier>>(occasion.call, std::move(work));
}
Task<Changed<Nothing>> SqliteStore::detach_identifier(Occasion occasion, UserId user, Uuid identifier) {
  auto work = [this, occasion, user, identifier](Connection& c) {
    return detach_identifier(c, occasion, user, identifier);
  };
  return database_.write<Changed<Nothing>>(occasion.call, std::move(work));
}
Task<std::vector<v1::Identifier>> SqliteStore::list_identifiers(Call call, UserId user) {
  auto work = [user](Connection& c) -> Result<std::vector<v1::Identifier>> {
    const auto known = load_user(c, user);
    if (!known) return pass(known);
    return load_identifiers(c, user);
  };
  return database_.read<std::vector<v1::Identifier>>(call, std::move(work));
}

}  // namespace gatehouse::identity
