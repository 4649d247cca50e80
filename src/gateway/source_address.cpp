#include "gateway/source_address.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::gateway {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The next hop from the right; `rest` shrinks to what stands before it.
std::string_view take_last_hop(std::string_view& rest) {
  const auto comma = rest.rfind(',');
  const auto hop = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
  return trimmed(hop);
}

std::unexpected<Error> bad_block(std::string_view text) {
  return fail(Code::invalid_argument, "trusted_proxy_invalid",
              "A trusted proxy is an address or a block such as 10.0.0.0/8, and not everybody.", text);
}

}  // namespace

Result<TrustedProxies> TrustedProxies::parse(std::span<const std::string> texts) {
  TrustedProxies proxies;
  for (const auto& text : texts) {
    const auto slash = text.find('/');
    const auto address = parse_address(std::string_view(text).substr(0, slash));
    if (!address) return bad_block(text);
    const int offset = is_mapped_v4(*address) ? 96 : 0;
    int bits = 128 - offset;
    if (slash != std::string::npos) {
      const auto* end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
      if (parsed.ec != std::errc{} || parsed.ptr != end || bits < 1 || bits > 128 - offset) return bad_block(text);
    }
    proxies.blocks_.push_back({*address, bits + offset});
  }
  return proxies;
}

bool TrustedProxies::contains(const AddressBytes& address) const {
  return std::ranges::any_of(blocks_, [&](const Block& block) {
    const auto whole = static_cast<std::size_t>(block.bits / 8);
    if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), block.network.begin()))
      return false;
    if (block.bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - block.bits % 8));
    return (address[whole] & mask) == (block.network[whole] & mask);
  });
}

Source TrustedProxies::connection_source_of(std::string_view peer) const {
  const auto address = parse_address(peer);
  return address && !contains(*address) ? group_of(*address) : Source();
}

Source TrustedProxies::source_of(const http::Request& request) const {
  // The common case: a plain IPv4 peer and nobody trusted. Its text is its group.
  const bool is_unix = request.peer == std::string_view("unix");
  if (!is_unix && blocks_.empty() && request.peer.find(':') == std::string_view::npos) return Source(request.peer);
  auto source = parse_address(request.peer);  // nothing: a Unix socket, and whoever may open that is our proxy
  if (!source && !is_unix) return Source(request.peer);
  const auto is_proxy = [&] { return !source || contains(*source); };
  const auto name = [&] { return source ? group_of(*source) : Source(request.peer); };
  for (auto field = request.fields.rbegin(); field != request.fields.rend() && is_proxy(); ++field) {
    if (field->name != "x-forwarded-for") continue;
    for (auto rest = field->value; !rest.empty() && is_proxy();) {
      const auto hop = parse_address(take_last_hop(rest));
      if (!hop) return name();  // what cannot be read is where belief ends
      source = hop;
    }
  }
  return name();
}

}  // namespace gatehouse::gateway
