// RateLimits: how often one source may ask, and how often one address may be mailed. One for the process, shared by
// all shards; any thread.
#pragma once

#include <string_view>

#include "base/random.h"
#include "config/config.h"
#include "gateway/rate_class.h"
#include "resilience/rate_limit.h"

namespace gatehouse::gateway {

// One class of requests: what one source may ask, and what all sources of one IPv6 /48 may ask together. One person may
// have a whole /48, and strangers may share one: the second is wider.
class SourceLimit {
 public:
  SourceLimit(RateLimit limit, const Clock& clock, Random& random);
  [[nodiscard]] Admission admit(std::string_view source);

 private:
  RateLimiter by_source_, by_network_;
};

class RateLimits {
 public:
  RateLimits(const config::RateLimit& config, const Clock& clock, Random& random);

  // `source` is a client address as resilience/source.h groups it.
  [[nodiscard]] Admission admit_source(RateClass rate_class, std::string_view source);
  // `address` is where a mail would go, as identity::email_key spells it. One source mails it so often, all sources
  // together several times that, and past it each once more an hour, up to `newcomers_per_total` times that in all: a
  // few strangers cannot use up what somebody else needs to reach their own address. A /48 of IPv6 is one source here,
  // since one person may have all of it.
  [[nodiscard]] Admission admit_recipient(std::string_view address, std::string_view source);
  // A guess at the password of whoever has this name, from a source whose /48 holds others: wider than what credential
  // allows one source, for strangers may share a /48. Whoever guessed right has it back.
  [[nodiscard]] Admission admit_guess(std::string_view name, std::string_view source);
  void forgive_guesses(std::string_view name, std::string_view source);

 private:
  const bool is_enabled_;
  SourceLimit registration_, login_, code_, refresh_, mail_;
  RateLimiter recipient_, recipient_from_network_, recipient_once_, recipient_newcomers_, guess_from_network_;
};

}  // namespace gatehouse::gateway
