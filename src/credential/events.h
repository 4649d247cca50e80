// What the credential role tells the world, through its outbox. No event carries a password, a hash or a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "events/event.h"

namespace gatehouse::credential {

// When and in whose request something happened.
struct Moment {
  WallTime at{};
  std::string correlation_id;
  std::string trace_parent;
};

// A password in the place of another one.
struct PasswordReplaced {
  std::int64_t version = 0;     // of the new one
  std::string kept_session_id;  // the session that goes on; empty: none
};

// A first password.
[[nodiscard]] events::Event password_set(const Moment& moment, std::string_view user_id, Random& random);
[[nodiscard]] events::Event password_replaced(const Moment& moment, std::string_view user_id,
                                              const PasswordReplaced& what, Random& random);
// What an event says of it; nothing: it is not about a replaced password. INVALID_ARGUMENT when it cannot be read: what
// must end with a password would live on if that were taken for nothing.
[[nodiscard]] Result<std::optional<PasswordReplaced>> replaced_of(const events::Event& event);
// At most one a minute per account (limits::failure_event_interval_ms).
[[nodiscard]] events::Event password_verified_failed(const Moment& moment, std::string_view user_id, Random& random);

}  // namespace gatehouse::credential
