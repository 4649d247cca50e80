#include "resilience/source.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace gatehouse {
namespace {

constexpr std::size_t text_bytes_max = 45;  // INET6_ADDRSTRLEN without its NUL
constexpr std::uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

Source prefix_of(AddressBytes address, std::ptrdiff_t octets, const char* length) {
  char text[INET6_ADDRSTRLEN + 4] = "";
  std::fill(address.begin() + octets, address.end(), std::uint8_t{0});
  ::inet_ntop(AF_INET6, address.data(), text, INET6_ADDRSTRLEN);
  std::strncat(text, length, 4);
  return Source(text);
}

}  // namespace

bool is_mapped_v4(const AddressBytes& address) {
  return std::equal(std::begin(mapped_prefix), std::end(mapped_prefix), address.begin());
}

std::optional<AddressBytes> parse_address(std::string_view text) {
  if (text.empty() || text.size() > text_bytes_max) return std::nullopt;
  char terminated[text_bytes_max + 1];
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  AddressBytes address{};
  if (text.find(':') != std::string_view::npos) {
    if (::inet_pton(AF_INET6, terminated, address.data()) != 1) return std::nullopt;
    return address;
  }
  std::copy(std::begin(mapped_prefix), std::end(mapped_prefix), address.begin());
  if (::inet_pton(AF_INET, terminated, address.data() + 12) != 1) return std::nullopt;
  return address;
}

Source group_of(const AddressBytes& address) {
  if (!is_mapped_v4(address)) return prefix_of(address, 8, "/64");
  char text[INET_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET, address.data() + 12, text, sizeof text);
  return Source(text);
}

Source network_of(std::string_view source) {
  const auto address = parse_address(source.substr(0, source.find('/')));
  if (!address || is_mapped_v4(*address)) return Source(source);
  return prefix_of(*address, 6, "/48");
}

}  // namespace gatehouse
