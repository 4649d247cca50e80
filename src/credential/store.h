// What the credential role asks of storage. Every method is one atomic step; the events of a change are appended in
// the same transaction.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "credential/events.h"
#include "credential/in_flight.h"
#include "credential/lockout.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::credential {

struct Attempt {
  AttemptKeys keys;
  std::string user_id;  // empty: nobody
};

struct StoredPassword {
  std::string phc;
  std::int64_t version = 0;  // grows with every password, not with every hash of it
};

struct BegunAttempt {
  lockout::Decision decision;
  std::optional<StoredPassword> password;  // the user's, when the attempt is let through
  bool is_event_due = false;               // should it fail: the account's last event is long enough ago
  bool is_clean = true;                    // should it succeed: there is nothing to forget
  InFlight::Reservation reservation;       // keep it until the attempt is settled
};

struct NewPassword {
  std::string user_id, phc, unicode_version;
};

struct Replacement {
  NewPassword password;
  std::optional<std::int64_t> expected_version;  // none: whatever is there
  std::string kept_session_id;                   // for the event
};

struct PhcUpgrade {
  std::string user_id, old_phc, new_phc;
};

class Store {
 public:
  virtual ~Store() = default;

  // Takes a place among those in flight, and only then reads: decides whether the attempt must wait, and loads the hash.
  // What is read does not depend on whether the user exists.
  virtual Task<BegunAttempt> begin_attempt(Call call, Attempt attempt, WallTime now) = 0;
  // Counts it, and tells password.verified_failed for a known user, unless somebody just has.
  virtual Task<void> fail_attempt(Call call, Attempt attempt, Moment now) = 0;
  // Forgets the failures before it. Not needed when begin_attempt() said `is_clean`.
  virtual Task<void> succeed_attempt(Call call, Attempt attempt) = 0;

  virtual Task<std::optional<StoredPassword>> load_password(Call call, std::string user_id) = 0;
  // The user's first. False: there was one already. NOT_FOUND user_not_found after delete_user().
  virtual Task<bool> save_password(Call call, NewPassword password, Moment now) = 0;
  // The version of the new one; clears the user's back-off. ABORTED password_changed when another one is there than
  // was expected; NOT_FOUND user_not_found when none is.
  virtual Task<std::int64_t> replace_password(Call call, Replacement replacement, Moment now) = 0;
  // Replaces a hash by another of the same password. False: it has changed meanwhile.
  virtual Task<bool> upgrade_phc(Call call, PhcUpgrade upgrade, WallTime now) = 0;
  // Leaves behind that they are gone, for as long as anything begun before may still come in.
  virtual Task<void> delete_user(Call call, std::string user_id, WallTime now) = 0;
};

}  // namespace gatehouse::credential
