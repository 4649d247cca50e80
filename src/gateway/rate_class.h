// RateClass: which of the limits of requests per source a route falls under (gateway/rate_limits.h).
#pragma once

#include <cstdint>

namespace gatehouse::gateway {

enum class RateClass : std::uint8_t {
  unlimited,
  registration,  // rate_limit.register_per_minute
  login,         // rate_limit.login_per_minute: whatever takes a password
  code,          // as login: whatever takes a code
  refresh,       // rate_limit.refresh_per_minute
  mail,          // 6 × rate_limit.challenge_per_hour: whatever sends a mail
};

}  // namespace gatehouse::gateway
