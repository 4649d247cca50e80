// A refresh-token family: which token is the current one, and what presenting another means. A pure state machine.
//
// A family belongs to one session. Each rotation replaces the current token and grows `generation` by one; only the
// immediate predecessor is remembered, so that a client whose answer was lost (or whose tabs race) gets the same
// successor again within the replay window. The successor is kept sealed under the predecessor: who reads the
// database cannot make a token of it. Any other token of this family that comes back has been used twice, by its
// owner and by somebody else: the family is revoked (RFC 9700 §4.14).
//
// Callers have established that the presented token was issued by us for this family (refresh_token.h): a stranger
// who knows a session id cannot get here. Wall time; a step of the clock may end the replay window early but never
// opens it wider than the window on either side.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/clock.h"

namespace gatehouse::auth::refresh {

struct Family {
  std::int64_t generation = 0;
  Digest current{};        // SHA-256 of the token that may be used next
  Digest previous{};       // of its predecessor, when generation > 0
  WallTime rotated_at{};   // when `current` replaced `previous`
  Bytes sealed_successor;  // `current` itself, under a key that only the predecessor gives
  WallTime expires_at{};   // absolute: rotation does not move it
  bool operator==(const Family&) const = default;
};

enum class Step : std::uint8_t {
  refuse,  // over: say no and change nothing
  rotate,  // the current token: make its successor the current one
  replay,  // the immediate predecessor, in time: hand out the same successor again
  revoke,  // used twice: end the family
};

[[nodiscard]] Step decide(const Family& family, const Digest& presented, WallTime now, Milliseconds replay_window);

struct Successor {
  Digest token{};
  Bytes sealed;
};

// The family after a `rotate` step.
[[nodiscard]] Family rotated(Family family, Successor successor, WallTime now);

}  // namespace gatehouse::auth::refresh
