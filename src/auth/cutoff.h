// Cutoff: whether a login that was under way when all sessions of its user were ended may still open one. A pure
// decision, taken in the write job that would open it.
//
// A login reads the user and the password hash, then works for up to seconds, and only then asks for a session. If
// meanwhile the password was changed or the user disabled or deleted, what it has found out is of the past.
//
// Milliseconds tie: a login that began in the very millisecond of the cutoff is refused too, and revoking answers only
// once that millisecond is over, so that a login begun after the answer is never caught.
#pragma once

#include "base/clock.h"

namespace gatehouse::auth {

// No login takes longer: a request has at most a minute (server.request_timeout_ms), and then waits for the writer.
// Wall time may be set back: a cutoff that then lies in the future must not keep anybody out until the clock has caught
// up, so it speaks only about logins that began this shortly before it.
inline constexpr Milliseconds login_lasts_at_most{90'000};

[[nodiscard]] constexpr bool is_overtaken(WallTime began_at, WallTime revoked_at) {
  return began_at <= revoked_at && revoked_at - began_at <= login_lasts_at_most;
}

}  // namespace gatehouse::auth
