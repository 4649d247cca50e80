// A socket's address and its text: "127.0.0.1:8080", "[::1]:8080", "unix:/path". A plain value, any thread.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace gatehouse::http {

class SocketAddress {
 public:
  [[nodiscard]] static std::optional<SocketAddress> parse(std::string_view text);
  [[nodiscard]] static SocketAddress local(int descriptor);  // empty when it has none

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const { return size_; }
  [[nodiscard]] int family() const { return storage_.ss_family; }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string path() const;          // of a Unix socket, else empty
  [[nodiscard]] InlineString<46> host() const;     // the address without the port; "unix" for a Unix socket
  bool operator==(const SocketAddress& other) const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_storage);
};

}  // namespace gatehouse::http
