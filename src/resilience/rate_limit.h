// RateLimiter: at most `permits` a period per key, `burst` of them at once (GCRA, ITU-T I.371: one number a key).
//
// Shared by all shards: striped mutexes, held for a few hundred nanoseconds and never across an await. Time is the
// Clock's steady time, so setting the wall clock changes nothing. The table is bounded and set-associative over a
// keyed hash: when a set is full, a key that has recovered makes room, then the one that has used the least; a key
// that is blocked is never forgotten before it has recovered. If every key of a set is blocked, newcomers
// to that set share one cell until one recovers: a flood makes the limiter stricter, not blind.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "resilience/siphash.h"

namespace gatehouse {

struct RateLimit {
  std::uint32_t permits = 60;  // ≥ 1
  Milliseconds period{60'000};
  std::uint32_t burst = 0;  // 0: as many as permits
  bool enabled = true;      // false: everything is allowed and nothing is remembered
};

// The answer, with what RateLimit-Limit, -Remaining and -Reset and Retry-After say.
struct [[nodiscard]] Admission {
  bool allowed = false;
  std::uint32_t retry_after_ms = 0;  // when denied: an identical request is allowed after this long
  std::uint32_t limit = 0;
  std::uint32_t remaining = 0;
  std::uint32_t reset_ms = 0;  // until `remaining` is `limit` again
};

class RateLimiter {
 public:
  RateLimiter(RateLimit limit, std::size_t keys_max, const Clock& clock, Random& random);

  // Takes `cost` permits of `key`, or none. A cost above the burst counts as the burst.
  Admission admit(std::string_view key, std::uint32_t cost = 1);
  // What admit() would say of one permit, taking nothing.
  Admission peek(std::string_view key) const;
  // Gives the key all its permits back: whoever has proven who they are is no stranger.
  void forgive(std::string_view key);

  [[nodiscard]] const RateLimit& limit() const { return limit_; }

 private:
  static constexpr std::size_t ways = 16;
  static constexpr std::size_t stripes = 64;
  // `full_at_us` is GCRA's theoretical arrival time: when the key has all its permits again.
  struct Cell {
    std::uint64_t fingerprint = 0;  // 0: free
    std::int64_t full_at_us = 0;
  };
  struct Set {
    std::array<Cell, ways> cells;
    Cell shared;  // for newcomers while every cell is blocked
  };

  [[nodiscard]] std::int64_t now_us() const;
  [[nodiscard]] Admission judge(std::int64_t full_at_us, std::int64_t now_us, std::int64_t cost_us) const;
  [[nodiscard]] bool is_blocked(const Cell& cell, std::int64_t now_us) const;
  [[nodiscard]] Cell& cell_for(Set& set, std::uint64_t fingerprint, std::int64_t now_us) const;
  [[nodiscard]] std::uint64_t fingerprint_of(std::string_view key) const;

  RateLimit limit_;
  std::int64_t permit_us_;  // time that gives one permit back
  std::int64_t burst_us_;   // permit_us_ × burst
  const Clock& clock_;
  SipKey hash_key_;
  std::vector<Set> sets_;
  mutable std::array<std::mutex, stripes> mutexes_;
};

}  // namespace gatehouse
