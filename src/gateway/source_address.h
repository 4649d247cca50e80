// Which client a request comes from: the socket's peer, or, when the peer is a trusted proxy, the right-most address
// of x-forwarded-for that is not one. The peer of a Unix socket is one always: only its owner can open it. IPv6 is grouped by /64, because one client has all of it. No other header is
// believed, and the default trusts nobody else. Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "http/message.h"
#include "resilience/source.h"

namespace gatehouse::gateway {

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
