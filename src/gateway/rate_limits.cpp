#include "gateway/rate_limits.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "gateway/source_address.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t keys_max = 16'384;  // ~280 KiB each; a flood of sources makes them stricter, not blind

RateLimit per(std::uint32_t permits, Milliseconds period, bool enabled) {
  return {.permits = std::max(permits, 1U), .period = period, .enabled = enabled};
}
std::string pair_of(std::string_view what, std::string_view from) {
  return std::string(from).append("\n").append(what);  // no source holds a line break
}

constexpr Milliseconds minute{60'000};
constexpr Milliseconds hour{3'600'000};

}  // namespace

RateLimits::RateLimits(const config::RateLimit& config, const Clock& clock, Random& random)
    : registration_(per(config.register_per_minute, minute, config.enabled), keys_max, clock, random),
      login_(per(config.login_per_minute, minute, config.enabled), keys_max, clock, random),
      code_(per(config.login_per_minute, minute, config.enabled), keys_max, clock, random),
      refresh_(per(config.refresh_per_minute, minute, config.enabled), keys_max, clock, random),
      mail_(per(config.challenge_per_hour * 6, hour, config.enabled), keys_max, clock, random),
      recipient_(per(config.challenge_per_hour * 6, hour, config.enabled), keys_max, clock, random),
      recipient_from_network_(per(config.challenge_per_hour, hour, config.enabled), keys_max, clock, random),
      guess_from_network_(per(limits::guesses_per_network_max, hour, config.enabled), keys_max, clock, random) {}

Admission RateLimits::admit_source(RateClass rate_class, std::string_view source) {
  if (!login_.limit().enabled) return {.allowed = true};  // and no limit that could be shown
  switch (rate_class) {
    case RateClass::unlimited: break;
    case RateClass::registration: return registration_.admit(source);
    case RateClass::login: return login_.admit(source);
    case RateClass::code: return code_.admit(source);
    case RateClass::refresh: return refresh_.admit(source);
    case RateClass::mail: return mail_.admit(source);
  }
  return {.allowed = true};
}

Admission RateLimits::admit_recipient(std::string_view address, std::string_view source) {
  const auto admission = recipient_from_network_.admit(pair_of(address, network_of(source)));
  if (!admission.allowed) return admission;
  return recipient_.admit(address);
}

Admission RateLimits::admit_guess(std::string_view name, std::string_view source) {
  const auto network = network_of(source);
  if (network.view() == source) return {.allowed = true};
  return guess_from_network_.admit(pair_of(name, network));
}

void RateLimits::forgive_guesses(std::string_view name, std::string_view source) {
  guess_from_network_.forgive(pair_of(name, network_of(source)));
}

}  // namespace gatehouse::gateway
