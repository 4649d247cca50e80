// What the credential role tells the world, through its outbox. No event carries a password, a hash or a name.
#pragma once

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

[[nodiscard]] events::Event password_set(const Moment& moment, std::string_view user_id, Random& random);
// At most one a minute per account (limits::failure_event_interval_ms).
[[nodiscard]] events::Event password_verified_failed(const Moment& moment, std::string_view user_id, Random& random);

}  // namespace gatehouse::credential
