// Arrivals: turns a request that has just come in into an Exchange: who sent it, under which correlation id and
// trace, and until when it is worth answering. One per gateway and shard.
#pragma once

#include <array>
#include <cstdint>

#include "base/random.h"
#include "gateway/exchange.h"
#include "gateway/source_address.h"

namespace gatehouse::gateway {

// Randomness for ids that are no secrets and that every request needs: xoshiro256++ (Blackman, Vigna 2019), its 256
// bits of state taken from the Random it is made with. Never for a token, a key or a code.
class IdRandom final : public Random {
 public:
  explicit IdRandom(Random& seed);
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_{};
};

class Arrivals {
 public:
  Arrivals(TrustedProxies proxies, Milliseconds request_timeout, const Clock& clock, Random& random)
      : proxies_(std::move(proxies)), request_timeout_(request_timeout), clock_(clock), random_(random) {}

  [[nodiscard]] Exchange begin(const http::Request& request);
  // The client's when it sent one that can be used, else a new one.
  [[nodiscard]] InlineString<64> correlation_id_of(const http::Request* request, WallTime now);
  // Whom a connection from this peer counts against: nobody when it is a trusted proxy, whose clients are many.
  [[nodiscard]] Source connection_source_of(std::string_view peer) const { return proxies_.connection_source_of(peer); }

 private:
  // The trace the client is in, in a span of its own; else a new one, not sampled.
  [[nodiscard]] InlineString<56> trace_of(const http::Request& request);

  const TrustedProxies proxies_;
  const Milliseconds request_timeout_;
  const Clock& clock_;
  IdRandom random_;
};

// 1 to 64 of A-Z a-z 0-9 . _ -
[[nodiscard]] bool is_correlation_id(std::string_view text);

}  // namespace gatehouse::gateway
