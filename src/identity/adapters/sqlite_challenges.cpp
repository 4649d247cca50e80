// Challenges: made with their mail in one step, tried with the try counted first.
#include "drivers/sqlite/outbox.h"
#include "identity/adapters/sqlite_rows.h"
#include "identity/adapters/sqlite_store.h"

namespace gatehouse::identity {
namespace {

// Whom a recovery is for: whoever is active and has verified the address.
Result<std::optional<UserId>> find_owner(sqlite::Connection& connection, const Email& email) {
  auto id = find_user_id_by_email(connection, email.key);
  if (!id || !*id) return id;
  const auto user = load_user(connection, **id);
  if (!user) return pass(user);
  if (user->status() != v1::USER_STATUS_ACTIVE) return std::nullopt;
  return id;
}

Result<std::string> locale_of(sqlite::Connection& connection, const std::optional<UserId>& id) {
  if (!id) return std::string();
  const auto user = load_user(connection, *id);
  if (!user) return user.error().code == Code::not_found ? Result<std::string>("") : pass(user);
  return user->locale();
}

}  // namespace

Done SqliteStore::create_challenge(Connection& connection, const Occasion& occasion, const NewChallenge& wanted) const {
  Challenge challenge = wanted.challenge;
  const bool recovers = challenge.purpose == Purpose::recover;
  if (recovers) {
    const auto owner = find_owner(connection, wanted.email);
    if (!owner) return pass(owner);
    challenge.owner = *owner;
  }
  if (challenge.is_decoy()) challenge.code_hash = Digest{};  // no code hashes to this
  const auto locale = locale_of(connection, recovers ? challenge.owner : challenge.created_by);
  if (!locale) return pass(locale);
  // Beside those before it: anybody may ask for one, and must not void what its owner is about to type (docs/adr/0010).
  Done done = insert_challenge(connection, challenge);
  // A decoy is told of like a real one, and its mail written but not delivered: nobody can tell the two by the time they
  // take, nor by what else waits meanwhile (S-18).
  const auto key = subject_keys_.make(challenge.id.str());
  if (done)
    done = run(connection, "INSERT INTO subject_keys (key_id, box, expires_at) VALUES (?, ?, ?)", blob_of(challenge.id),
               sqlite::Blob{key.box}, to_ms(challenge.expires_at));
  const EventMaker::CodeMail mail{.type = "email", .value = wanted.email.text, .code = wanted.code, .locale = *locale};
  auto event = EventMaker(occasion, random_).challenge_created(challenge, mail, key.key);
  if (done) done = sqlite::append_event(connection, std::move(event));
  return done;
}

Result<Judged> SqliteStore::try_challenge(Connection& connection, const Occasion& occasion, const Guess& guess) const {
  auto challenge = load_challenge(connection, guess.id);
  if (!challenge) return pass(challenge);
  const auto& caller = occasion.call.caller;
  const bool is_theirs =
      *challenge && (*challenge)->purpose == guess.purpose &&
      (!(*challenge)->created_by || !caller.is_authenticated() || *(*challenge)->created_by == caller.user_id);
  if (!is_theirs) return challenge_not_found();
  Judged judged{.verdict = try_code(**challenge, guess.code_hash, occasion.now, guess.use), .challenge = **challenge};
  Done done = save_challenge(connection, judged.challenge);
  const bool recovered = judged.verdict == Verdict::right && judged.challenge.owner && judged.challenge.solved_at;
  if (done && recovered) done = identity::void_recoveries(connection, *judged.challenge.owner);
  if (!done) return pass(done);
  return judged;
}

Task<void> SqliteStore::void_recoveries(Call call, UserId user, std::optional<WallTime> until) {
  auto work = [user, until](Connection& c) { return identity::void_recoveries(c, user, until); };
  return database_.write<void>(call, std::move(work));
}
Task<void> SqliteStore::create_challenge(Occasion occasion, NewChallenge challenge) {
  auto work = [this, occasion, challenge = std::move(challenge)](Connection& c) {
    return create_challenge(c, occasion, challenge);
  };
  return database_.write<void>(occasion.call, std::move(work));
}
Task<Judged> SqliteStore::try_challenge(Occasion occasion, Guess guess) {
  auto work = [this, occasion, guess](Connection& c) { return try_challenge(c, occasion, guess); };
  return database_.write<Judged>(occasion.call, std::move(work));
}

}  // namespace gatehouse::identity
