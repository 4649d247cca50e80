// What the auth role tells: other shards of this process through two buses, the world through its outbox.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/random.h"
#include "events/event.h"
#include "runtime/call.h"

namespace gatehouse::auth {

// Access tokens of these sessions are refused from now on; all of them have expired by `until`.
struct SessionsRevoked {
  std::vector<SessionId> sessions;
  WallTime until{};
};

// The set of signing keys has changed: get_key_set() answers a newer generation.
struct KeysChanged {
  std::int64_t generation = 0;
};

// Why a session ended, as session.revoked.v1 says it.
namespace reason {
inline constexpr std::string_view logout = "logout";
inline constexpr std::string_view user = "user";
inline constexpr std::string_view password_changed = "password_changed";
inline constexpr std::string_view reuse_detected = "reuse_detected";
inline constexpr std::string_view disabled = "disabled";
inline constexpr std::string_view deleted = "deleted";
inline constexpr std::string_view limit = "limit";
}  // namespace reason

// When and in whose request something happened.
struct Moment {
  WallTime at{};
  std::string correlation_id;
  std::string trace_parent;
};
[[nodiscard]] Moment moment_of(const Call& call, WallTime now);

[[nodiscard]] events::Event session_created(const Moment& moment, std::string_view user_id, SessionId session,
                                            Random& random);
[[nodiscard]] events::Event session_revoked(const Moment& moment, std::string_view user_id, SessionId session,
                                            std::string_view reason, Random& random);
[[nodiscard]] events::Event key_rotated(const Moment& moment, std::string_view kid, Random& random);

}  // namespace gatehouse::auth
