// Bytes and their text forms. base64url is RFC 4648 §5 without padding and strict on the way in: no
// padding, no white space, no other alphabet, unused bits zero.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse {

using Bytes = std::string;  // raw octets
using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string to_base64url(std::string_view bytes);
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

[[nodiscard]] inline std::string_view as_view(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
[[nodiscard]] inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Equal length and content, in time that depends on the length alone.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

// A short string stored in place: trivially copyable, never allocates. Longer input is cut.
template <std::size_t N>
class InlineString {
 public:
  InlineString() = default;
  InlineString(std::string_view text) : size_(static_cast<std::uint8_t>(text.size() < N ? text.size() : N)) {
    static_assert(N < 256);
    for (std::size_t i = 0; i < size_; ++i) data_[i] = text[i];
  }
  operator std::string_view() const { return {data_, size_}; }
  [[nodiscard]] std::string_view view() const { return {data_, size_}; }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  char data_[N];
  std::uint8_t size_ = 0;
};

}  // namespace gatehouse
