// What identity asks of storage, in its own words. Every method is one transaction: its rows and its events are there
// together or not at all. Times and ids come in; canonical forms have been made (user.h); decisions are the pure
// functions of user.h and challenge.h, taken inside the transaction. Called on one shard's thread.
//
// Errors are those of api.h, plus the driver's: UNAVAILABLE storage_full | storage_busy | overloaded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gatehouse/identity/v1/identity.pb.h"
#include "identity/challenge.h"
#include "identity/email.h"
#include "identity/events.h"
#include "identity/username.h"
#include "runtime/task.h"

namespace gatehouse::identity {

// The result of a change, and which users every shard must now forget.
template <class T>
struct Changed {
  T value{};
  std::vector<UserChanged> users;
};
struct Nothing {};

struct NewUser {
  UserId id;
  Username username;
  Digest idempotency_key{};  // hashed
  Digest request_hash{};
  std::optional<Email> email;  // claimed at once, so that who finishes the registration need not know it
};
struct CreatedUser {
  v1::User user;
  bool resumed = false;
};
struct UserPatch {
  std::optional<Username> username;
  std::optional<std::string> display_name;
  std::optional<std::string> locale;
  std::optional<std::int64_t> expected_version;
};
struct NewIdentifier {
  Uuid id;
  UserId user;
  Email email;
  std::optional<ChallengeId> proof;
  Digest address_hash{};
};
// A challenge to be made, with what its mail says. Whether there is an owner is found out inside.
struct NewChallenge {
  Challenge challenge;
  Email email;
  SecretString code;
};
struct Guess {
  ChallengeId id;
  Purpose purpose = Purpose::verify;
  Digest code_hash{};
  Use use = Use::consume;
};
struct Judged {
  Verdict verdict = Verdict::wrong;
  Challenge challenge;  // after the guess
};

inline constexpr Milliseconds idempotency_key_kept{24 * 60 * 60 * 1000};

class Store {
 public:
  virtual ~Store() = default;

  virtual Task<CreatedUser> create_user(Occasion occasion, NewUser user) = 0;
  virtual Task<Changed<v1::User>> activate_user(Occasion occasion, UserId id) = 0;
  virtual Task<Changed<bool>> release_user(Occasion occasion, UserId id) = 0;
  virtual Task<std::vector<v1::User>> list_pending_users(Call call, WallTime created_before, int limit) = 0;

  virtual Task<v1::User> find_user(Call call, UserId id) = 0;
  virtual Task<v1::User> find_user_by_username(Call call, std::string key) = 0;
  virtual Task<v1::User> find_user_by_email(Call call, std::string key) = 0;
  virtual Task<Changed<v1::User>> update_user(Occasion occasion, UserId id, UserPatch patch) = 0;
  virtual Task<Changed<v1::User>> set_user_disabled(Occasion occasion, UserId id, bool disabled) = 0;
  virtual Task<Changed<Nothing>> delete_user(Occasion occasion, UserId id,
                                             std::optional<std::int64_t> expected_version) = 0;

  virtual Task<std::vector<v1::Identifier>> list_identifiers(Call call, UserId user) = 0;
  virtual Task<Changed<v1::Identifier>> attach_identifier(Occasion occasion, NewIdentifier identifier) = 0;
  virtual Task<Changed<Nothing>> detach_identifier(Occasion occasion, UserId user, Uuid identifier) = 0;

  // Stores the challenge and its mail. Of `verify` it takes away the live one for the same address. For `recover` the
  // owner is whoever is active and has verified the address; nobody: a decoy is stored, and told of as one. A right
  // answer to one recovery takes away the owner's others.
  virtual Task<void> create_challenge(Occasion occasion, NewChallenge challenge) = 0;
  // NOT_FOUND challenge_not_found, also when its purpose is another or another user asked for it. A wrong guess is
  // a value and not an error: it has been counted.
  virtual Task<Judged> try_challenge(Occasion occasion, Guess guess) = 0;

  // Makes decoys of the user's live recoveries, or of those made until then.
  virtual Task<void> void_recoveries(Call call, UserId user, std::optional<WallTime> until) = 0;

  virtual Task<SecretKey> find_subject_key(Call call, Uuid key_id) = 0;  // NOT_FOUND erased
  // Destroys the keys of expired challenges, and challenges and idempotency keys that have been kept long enough:
  // at most `limit` of each. Returns how many.
  virtual Task<int> clean_up(Occasion occasion, int limit) = 0;
};

}  // namespace gatehouse::identity
