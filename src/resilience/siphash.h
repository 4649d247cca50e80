// SipHash-2-4 (Aumasson, Bernstein 2012): a 64-bit keyed hash for tables whose keys strangers choose, so that
// nobody can aim at one bucket. Not a MAC for anything that leaves the process. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/random.h"

namespace gatehouse {

struct SipKey {
  std::uint64_t low = 0, high = 0;
  [[nodiscard]] static SipKey make(Random& random);
};

[[nodiscard]] std::uint64_t siphash(const SipKey& key, std::string_view data);

}  // namespace gatehouse
