// Arrivals: turns a request that has just come in into a Call: who sent it, under which correlation id and trace,
// and until when it is worth answering. One per gateway and shard.
#pragma once

#include <array>
#include <cstdint>

#include "base/random.h"
#include "gateway/source_address.h"
#include "runtime/call.h"

namespace gatehouse::gateway {

// Random octets taken from another Random a block at a time: an id costs no system call. For ids, not for secrets.
class RandomBlock final : public Random {
 public:
  explicit RandomBlock(Random& source) : source_(source) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  Random& source_;
  std::array<std::uint8_t, 1024> block_{};
  std::size_t used_ = block_.size();
};

class Arrivals {
 public:
  Arrivals(TrustedProxies proxies, Milliseconds request_timeout, const Clock& clock, Random& random)
      : proxies_(std::move(proxies)), request_timeout_(request_timeout), clock_(clock), random_(random) {}

  [[nodiscard]] Call begin(const http::Request& request);
  [[nodiscard]] InlineString<64> make_correlation_id();

 private:
  [[nodiscard]] InlineString<56> trace_of(const http::Request& request);

  const TrustedProxies proxies_;
  const Milliseconds request_timeout_;
  const Clock& clock_;
  RandomBlock random_;
};

// 1 to 64 of A-Z a-z 0-9 . _ -
[[nodiscard]] bool is_correlation_id(std::string_view text);

}  // namespace gatehouse::gateway
