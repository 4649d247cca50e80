// How clients are told apart by address, for limits and for fairness. Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace gatehouse {

using Source = InlineString<46>;

// An address as 16 octets, IPv4 in its mapped form (RFC 4291 §2.5.5.2).
using AddressBytes = std::array<std::uint8_t, 16>;
[[nodiscard]] bool is_mapped_v4(const AddressBytes& address);
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);
// "192.0.2.7", or "2001:db8:1:2::/64".
[[nodiscard]] Source group_of(const AddressBytes& address);
// What one customer may have been given: of an IPv6 source its "2001:db8:1::/48", of any other the source itself.
[[nodiscard]] Source network_of(std::string_view source);

}  // namespace gatehouse
