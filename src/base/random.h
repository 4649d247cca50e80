// Randomness, from outside. SystemRandom is the operating system's CSPRNG and is safe on every thread;
// SeededRandom repeats itself for a seed and is for tests and simulations only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gatehouse {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  // Uniform in [0, bound); bound > 0. Rejection sampling: no modulo bias.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t next();  // splitmix64 (Steele, Lea, Flood 2014)
  std::uint64_t state_;
};

}  // namespace gatehouse
