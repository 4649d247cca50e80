// What the auth role asks of storage. Every method is one atomic step: what it reads, decides and writes nobody else
// comes between. Implementations append the events of a change in the same transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/events.h"
#include "auth/key_ring.h"
#include "auth/refresh.h"
#include "base/id.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::auth {

struct Session {
  SessionId id;
  std::string user_id, user_agent, source, scope;
  WallTime created_at{}, last_used_at{}, expires_at{};
};

struct Revocation {
  SessionId session;
  WallTime until{};  // when its last access token has expired, clock skew included
};

struct OpenSession {
  Session session;
  Digest token{};            // of the first refresh token
  Digest idempotency_key{};  // keyed hash
  bool has_idempotency_key = false;
  WallTime access_expires_at{};
  std::int64_t password_version = 0;
  std::size_t sessions_max = 0;  // more of this user's end, oldest first
  WallTime began_at{};           // when it began to be established that this is the user
};

struct OpenedSession {
  Session session;  // with `is_resumed`: the one that the key opened before, whose first token is unused
  bool is_resumed = false;
  std::vector<Revocation> ended;  // to stay within sessions_max
};

struct Rotation {
  SessionId session;
  Digest presented{};
  refresh::Successor successor;  // becomes the current token if this is a `rotate` step
  WallTime access_expires_at{};
  Milliseconds replay_window{0};
};

struct RotationOutcome {
  refresh::Step step = refresh::Step::refuse;
  std::string user_id, scope;  // with rotate and replay
  WallTime expires_at{};       // of the session
  Bytes sealed_successor;      // with replay
  WallTime revoked_until{};    // with revoke
};

struct RevokeSessions {
  std::string user_id;
  std::optional<SessionId> only = {};    // this one
  std::optional<SessionId> except = {};  // all but this one
  std::string_view reason;
  std::optional<std::int64_t> password_version = {};  // those only that an earlier password opened
  std::optional<WallTime> as_of = {};                 // logins begun before this open none; unless told: before now
};

class Store {
 public:
  virtual ~Store() = default;

  // UNAUTHENTICATED invalid_credentials when every session of the user was ended meanwhile (cutoff.h).
  virtual Task<OpenedSession> open_session(Call call, OpenSession request, Moment now) = 0;
  // A session that does not exist, or no more, is `refuse`. `revoke` has ended the session.
  virtual Task<RotationOutcome> rotate(Call call, Rotation request, Moment now) = 0;
  // Live sessions of a user, newest first, older than `before`.
  virtual Task<std::vector<Session>> list_sessions(Call call, std::string user_id, std::optional<SessionId> before,
                                                   std::size_t limit, WallTime now) = 0;
  // What has been ended; empty when there was nothing. Unless it is about one session, the moment is remembered.
  virtual Task<std::vector<Revocation>> revoke(Call call, RevokeSessions request, Moment now) = 0;
  virtual Task<std::vector<Revocation>> list_revocations(Call call, WallTime now) = 0;

  virtual Task<KeyRing> load_keys(Call call) = 0;
  // Stores the first keys unless somebody has; answers the ring as it is then.
  virtual Task<KeyRing> add_first_keys(Call call, StoredKey current, StoredKey next) = 0;
  // As may_rotate() (key_ring.h) says, unless by force.
  virtual Task<KeyRing> rotate_keys(Call call, StoredKey fresh, bool is_forced, Moment now) = 0;

  struct Removed {
    std::size_t rows = 0;         // the most of one kind; equal to the limit: there may be more
    std::int64_t generation = 0;  // of the key set, when keys were removed
  };
  // Deletes what was over before `before`: up to `rows_max` sessions, revocations and cutoffs each, and keys retired
  // before `keys_before`. Sessions go from the oldest on: one opened under a longer lifetime may hold back those opened
  // after it, which are refused all the same.
  virtual Task<Removed> remove_expired(Call call, WallTime before, WallTime keys_before, std::size_t rows_max) = 0;
};

}  // namespace gatehouse::auth
