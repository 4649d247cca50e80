// Uuid: 128 bits, made as UUIDv7 (RFC 9562 §5.7), so that ids sort by the millisecond they were made in.
// Text form is lower-case 8-4-4-4-12; parse() takes exactly that form and nothing else.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace gatehouse {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] static Uuid make_v7(WallTime now, Random& random);
  [[nodiscard]] static std::optional<Uuid> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool is_nil() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;
};

// An id that cannot be mistaken for another kind's.
template <class Tag>
struct Id {
  Uuid value;
  [[nodiscard]] static std::optional<Id> parse(std::string_view text) {
    const auto uuid = Uuid::parse(text);
    if (!uuid) return std::nullopt;
    return Id{*uuid};
  }
  [[nodiscard]] std::string str() const { return value.str(); }
  [[nodiscard]] bool is_nil() const { return value.is_nil(); }
  auto operator<=>(const Id&) const = default;
};

using UserId = Id<struct UserTag>;
using SessionId = Id<struct SessionTag>;

}  // namespace gatehouse

template <>
struct std::hash<gatehouse::Uuid> {
  std::size_t operator()(const gatehouse::Uuid& id) const noexcept {
    std::uint64_t low = 0;  // the random half of a UUIDv7
    for (int i = 8; i < 16; ++i) low = (low << 8) | id.bytes[static_cast<std::size_t>(i)];
    return low * 0x9e3779b97f4a7c15ULL;
  }
};
template <class Tag>
struct std::hash<gatehouse::Id<Tag>> {
  std::size_t operator()(const gatehouse::Id<Tag>& id) const noexcept { return std::hash<gatehouse::Uuid>{}(id.value); }
};
