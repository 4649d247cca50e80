// Which client a request comes from: the socket's peer, or, when the peer is a trusted proxy, the right-most address
// of x-forwarded-for that is not one. The peer of a Unix socket is one always: only its owner can open it. IPv6 is grouped by /64, because one client has all of it. No other header is
// believed, and the default trusts nobody else. Immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "http/message.h"

namespace gatehouse::gateway {

using Source = InlineString<46>;

// An address as 16 octets, IPv4 in its mapped form (RFC 4291 §2.5.5.2).
using AddressBytes = std::array<std::uint8_t, 16>;
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);
// "192.0.2.7", or "2001:db8:1:2::/64".
[[nodiscard]] Source group_of(const AddressBytes& address);
// What one customer may have been given: of an IPv6 source its "2001:db8:1::/48", of any other the source itself.
[[nodiscard]] Source network_of(std::string_view source);

class TrustedProxies {
 public:
  // Addresses and CIDR blocks. INVALID_ARGUMENT trusted_proxy_invalid; "/0" would trust everybody and is refused.
  [[nodiscard]] static Result<TrustedProxies> parse(std::span<const std::string> texts);

  [[nodiscard]] bool contains(const AddressBytes& address) const;
  [[nodiscard]] Source source_of(const http::Request& request) const;
  // The group of a socket's peer; empty when it is one of these or a Unix socket.
  [[nodiscard]] Source connection_source_of(std::string_view peer) const;

 private:
  struct Block {
    AddressBytes network{};
    int bits = 128;
  };
  std::vector<Block> blocks_;
};

}  // namespace gatehouse::gateway
