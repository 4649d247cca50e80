// Event: what a role tells the world, in the envelope of api/events/. Written to the outbox in the
// transaction that made it true. `data` is JSON; when `key_id` is set it is a JSON string holding the
// base64url of a sealed box (crypto/aead.h, associated data = event_id) under that subject's key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace gatehouse::events {

struct Event {
  std::string event_id;  // UUIDv7
  std::string event_type;  // "user.created.v1"
  std::string source;      // the role: "identity"
  std::string subject;     // user id; the key that order holds under
  std::int64_t subject_version = 0;  // 1, 2, 3 … per subject and source, no gap
  WallTime occurred_at{};
  std::string correlation_id;
  std::string trace_parent;
  std::string key_id;  // empty: data is plain
  std::string data = "{}";
};

[[nodiscard]] std::string to_json(const Event& event);
[[nodiscard]] Result<Event> from_json(std::string_view text);  // INVALID_ARGUMENT event_malformed

inline constexpr std::string_view topic_identity = "gatehouse.identity";
inline constexpr std::string_view topic_credential = "gatehouse.credential";
inline constexpr std::string_view topic_auth = "gatehouse.auth";
inline constexpr std::string_view topic_account = "gatehouse.account";
inline constexpr std::string_view topic_notification = "gatehouse.notification";

}  // namespace gatehouse::events
