#include "http/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace gatehouse::http {
namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  SocketAddress address;
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    auto* local = reinterpret_cast<sockaddr_un*>(&address.storage_);
    if (path.empty() || path.size() >= sizeof local->sun_path) return std::nullopt;
    if (path.find('\0') != std::string_view::npos) return std::nullopt;
    local->sun_family = AF_UNIX;
    std::memcpy(local->sun_path, path.data(), path.size());
    address.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return address;
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage_);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(*port);
    address.size_ = sizeof(sockaddr_in6);
    if (::inet_pton(AF_INET6, host.substr(1, host.size() - 2).c_str(), &v6->sin6_addr) != 1) return std::nullopt;
    return address;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage_);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(*port);
  address.size_ = sizeof(sockaddr_in);
  if (::inet_pton(AF_INET, host.c_str(), &v4->sin_addr) != 1) return std::nullopt;
  return address;
}

SocketAddress SocketAddress::local(int descriptor) {
  SocketAddress address;
  if (::getsockname(descriptor, address.get(), &address.size_) != 0) return {};
  return address;
}

std::string SocketAddress::text() const {
  char name[INET6_ADDRSTRLEN] = "";
  switch (family()) {
    case AF_INET: {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage_);
      ::inet_ntop(AF_INET, &v4->sin_addr, name, sizeof name);
      return fmt::format("{}:{}", name, ntohs(v4->sin_port));
    }
    case AF_INET6: {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage_);
      ::inet_ntop(AF_INET6, &v6->sin6_addr, name, sizeof name);
      return fmt::format("[{}]:{}", name, ntohs(v6->sin6_port));
    }
    case AF_UNIX: return "unix:" + path();
    default: return {};
  }
}

std::string SocketAddress::path() const {
  if (family() != AF_UNIX) return {};
  const auto* local = reinterpret_cast<const sockaddr_un*>(&storage_);
  return {local->sun_path, ::strnlen(local->sun_path, sizeof local->sun_path)};
}

InlineString<46> SocketAddress::host() const {
  char name[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, name, sizeof name);
  } else if (family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_addr;
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&v6);  // one client, one name, whichever socket it came by
    if (is_mapped) ::inet_ntop(AF_INET, v6.s6_addr + 12, name, sizeof name);
    else ::inet_ntop(AF_INET6, &v6, name, sizeof name);
  } else {
    return std::string_view("unix");
  }
  return std::string_view(name);
}

bool SocketAddress::operator==(const SocketAddress& other) const {
  return family() == other.family() && text() == other.text();
}

}  // namespace gatehouse::http
