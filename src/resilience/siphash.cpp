#include "resilience/siphash.h"

#include <bit>

namespace gatehouse {
namespace {

std::uint64_t read_little_endian(const char* data, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = size; i-- > 0;) word = (word << 8) | static_cast<std::uint8_t>(data[i]);
  return word;
}

struct State {
  std::uint64_t a, b, c, d;
  void rounds(int count) {
    for (; count > 0; --count) {
      a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
      c += d, d = std::rotl(d, 16) ^ c;
      a += d, d = std::rotl(d, 21) ^ a;
      c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
    }
  }
  void absorb(std::uint64_t word) {
    d ^= word;
    rounds(2);
    a ^= word;
  }
};

}  // namespace

SipKey SipKey::make(Random& random) {
  SipKey key;
  random.fill({reinterpret_cast<std::uint8_t*>(&key), sizeof key});
  return key;
}

std::uint64_t siphash(const SipKey& key, std::string_view data) {
  State state{key.low ^ 0x736f6d6570736575ULL, key.high ^ 0x646f72616e646f6dULL, key.low ^ 0x6c7967656e657261ULL,
              key.high ^ 0x7465646279746573ULL};
  const std::size_t whole = data.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) state.absorb(read_little_endian(data.data() + at, 8));
  const auto tail = read_little_endian(data.data() + whole, data.size() - whole);
  state.absorb(tail | static_cast<std::uint64_t>(data.size()) << 56);
  state.c ^= 0xff;
  state.rounds(4);
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace gatehouse
