#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/ensure.h"

namespace gatehouse {

std::uint64_t Random::below(std::uint64_t bound) {
  ensure(bound > 0, "Random::below needs a positive bound");
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    std::uint64_t value = 0;
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
    if (value < limit) return value % bound;
  }
}

void SystemRandom::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const auto got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    ensure(got > 0, "getrandom failed: no secure randomness");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size();) {
    auto word = next();
    for (int n = 0; n < 8 && i < out.size(); ++n, word >>= 8) out[i++] = static_cast<std::uint8_t>(word);
  }
}

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace gatehouse
