#include "gateway/rate_limits.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "resilience/source.h"

namespace gatehouse::gateway {
namespace {

constexpr std::uint32_t sources_per_network = 4;  // a /48 of IPv6 may ask as often as so many sources
constexpr std::size_t keys_max = 16'384;  // ~280 KiB each; a flood of sources makes them stricter, not blind

RateLimit per(std::uint32_t permits, Milliseconds period, bool enabled) {
  return {.permits = std::max(permits, 1U), .period = period, .enabled = enabled};
}
RateLimit widened(RateLimit limit) {
  limit.permits *= sources_per_network;
  return limit;
}
std::string pair_of(std::string_view what, std::string_view from) {
  return std::string(from).append("\n").append(what);  // no source holds a line break
}

constexpr std::uint32_t newcomers_per_total = 10;
constexpr Milliseconds minute{60'000};
constexpr Milliseconds hour{3'600'000};

}  // namespace

SourceLimit::SourceLimit(RateLimit limit, const Clock& clock, Random& random)
    : by_source_(limit, keys_max, clock, random), by_network_(widened(limit), keys_max, clock, random) {}

// The source first: what it asks in vain takes nothing from its neighbours.
Admission SourceLimit::admit(std::string_view source) {
  const auto admission = by_source_.admit(source);
  const auto network = network_of(source);
  if (!admission.allowed || network.view() == source) return admission;
  const auto together = by_network_.admit(network);
  return together.allowed ? admission : together;
}

RateLimits::RateLimits(const config::RateLimit& config, const Clock& clock, Random& random)
    : is_enabled_(config.enabled),
      registration_(per(config.register_per_minute, minute, config.enabled), clock, random),
      login_(per(config.login_per_minute, minute, config.enabled), clock, random),
      code_(per(config.login_per_minute, minute, config.enabled), clock, random),
      refresh_(per(config.refresh_per_minute, minute, config.enabled), clock, random),
      mail_(per(config.challenge_per_hour * 6, hour, config.enabled), clock, random),
      recipient_(per(config.challenge_per_hour * 6, hour, config.enabled), keys_max, clock, random),
      recipient_from_network_(per(config.challenge_per_hour, hour, config.enabled), keys_max, clock, random),
      recipient_once_(per(1, hour, config.enabled), keys_max, clock, random),
      recipient_newcomers_(per(config.challenge_per_hour * 6 * newcomers_per_total, hour, config.enabled), keys_max, clock,
                           random),
      guess_from_network_(per(limits::guesses_per_network_max, hour, config.enabled), keys_max, clock, random) {}

Admission RateLimits::admit_source(RateClass rate_class, std::string_view source) {
  if (!is_enabled_) return {.allowed = true};  // and no limit that could be shown
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
  const auto pair = pair_of(address, network_of(source));
  const auto by_network = recipient_from_network_.admit(pair);
  if (!by_network.allowed) return by_network;
  const auto by_all = recipient_.admit(address);
  if (by_all.allowed || !recipient_once_.admit(pair).allowed || !recipient_newcomers_.admit(address).allowed) return by_all;
  return by_network;
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
