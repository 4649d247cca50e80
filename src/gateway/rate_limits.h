// RateLimits: how often one source may ask, and how often one address may be mailed. One for the process, shared by
// all shards; any thread.
#pragma once

#include <string_view>

#include "base/random.h"
#include "config/config.h"
#include "gateway/rate_class.h"
#include "resilience/rate_limit.h"

namespace gatehouse::gateway {

class RateLimits {
 public:
  RateLimits(const config::RateLimit& config, const Clock& clock, Random& random);

  // `source` is a client address as gateway/source_address.h groups it.
  [[nodiscard]] Admission admit_source(RateClass rate_class, std::string_view source);
  // `address` is where a mail would go, as identity::email_key spells it. One source mails it so often, all sources
  // together several times that: nobody can use up what somebody else needs to reach their own address.
  [[nodiscard]] Admission admit_recipient(std::string_view address, std::string_view source);

 private:
  RateLimiter registration_, login_, code_, refresh_, mail_, recipient_, recipient_from_source_;
};

}  // namespace gatehouse::gateway
