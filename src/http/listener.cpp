// Listener: sockets that listen, and sentences for those that cannot.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "http/server.h"
#include "http/socket_address.h"

namespace gatehouse::http {
namespace {

constexpr int backlog = 4096;  // the kernel cuts it to net.core.somaxconn

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  [[nodiscard]] int get() const { return value_; }
  [[nodiscard]] bool is_open() const { return value_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

std::unexpected<Error> invalid_address(std::string_view address) {
  return fail(Code::failed_precondition, "address_invalid",
              fmt::format("'{}' is not an address to listen on: write it as 127.0.0.1:8080, [::1]:8080 or unix:/path.",
                          address));
}

std::unexpected<Error> address_failure(std::string_view address, int error) {
  const auto detail = std::strerror(error);
  switch (error) {
    case EADDRINUSE:
      return fail(Code::failed_precondition, "address_in_use",
                  fmt::format("Something else is already listening on {}. Stop it, or choose another address.", address),
                  detail);
    case EACCES:
    case EPERM:
    case EROFS:
      return fail(Code::failed_precondition, "address_not_allowed",
                  fmt::format("This user may not listen on {}. Ports below 1024 need CAP_NET_BIND_SERVICE; a socket "
                              "file needs a writable folder.", address),
                  detail);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOENT:
    case ENOTDIR:
      return fail(Code::failed_precondition, "address_invalid",
                  fmt::format("{} is not an address of this machine.", address), detail);
    default: return fail(Code::unavailable, "listen_failed", fmt::format("Cannot listen on {}.", address), detail);
  }
}

bool set_option(int descriptor, int level, int option) {
  const int on = 1;
  return ::setsockopt(descriptor, level, option, &on, sizeof on) == 0;
}

// True when this process itself listens there: then the other shards' listeners are to share it.
bool is_own_address(const SocketAddress& address) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", ignored)) {
    const auto name = entry.path().filename().string();
    int descriptor = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), descriptor).ec != std::errc()) continue;
    int listens = 0;
    socklen_t size = sizeof listens;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) continue;
    if (SocketAddress::local(descriptor) == address) return true;
  }
  return false;
}

Result<int> open_tcp(std::string_view text, const SocketAddress& address, bool shared) {
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  if (shared && !is_own_address(address)) {
    const Descriptor probe(::socket(address.family(), type, 0));
    if (!probe.is_open()) return address_failure(text, errno);
    set_option(probe.get(), SOL_SOCKET, SO_REUSEADDR);
    if (::bind(probe.get(), address.get(), address.size()) != 0) return address_failure(text, errno);
  }
  Descriptor listener(::socket(address.family(), type, 0));
  if (!listener.is_open()) return address_failure(text, errno);
  set_option(listener.get(), SOL_SOCKET, SO_REUSEADDR);
  set_option(listener.get(), IPPROTO_TCP, TCP_NODELAY);  // accepted sockets inherit it
  if (shared && !set_option(listener.get(), SOL_SOCKET, SO_REUSEPORT)) return address_failure(text, errno);
  if (::bind(listener.get(), address.get(), address.size()) != 0) return address_failure(text, errno);
  if (::listen(listener.get(), backlog) != 0) return address_failure(text, errno);
  return listener.release();
}

// A socket file that nobody answers on was left by a process that is gone.
Done remove_stale_socket(std::string_view text, const SocketAddress& address, const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode))
    return fail(Code::failed_precondition, "address_in_use",
                fmt::format("{} exists and is not a socket. Move it away, or choose another path.", path));
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.is_open()) return address_failure(text, errno);
  const bool is_refused = ::connect(probe.get(), address.get(), address.size()) != 0 && errno == ECONNREFUSED;
  if (!is_refused) return address_failure(text, EADDRINUSE);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return address_failure(text, errno);
  return {};
}

Result<int> open_unix(std::string_view text, const SocketAddress& address, const std::string& path) {
  if (const auto done = remove_stale_socket(text, address, path); !done) return pass(done);
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.is_open()) return address_failure(text, errno);
  constexpr mode_t owner_only = 0600;
  ::fchmod(listener.get(), owner_only);  // Linux gives the file this mode at bind: at no moment is it wider
  if (::bind(listener.get(), address.get(), address.size()) != 0) return address_failure(text, errno);
  if (::chmod(path.c_str(), owner_only) != 0 || ::listen(listener.get(), backlog) != 0)
    return address_failure(text, errno);
  return listener.release();
}

}  // namespace

Result<Listener> Listener::open(std::string_view text, bool shared) {
  const auto address = SocketAddress::parse(text);
  if (!address) return invalid_address(text);
  const auto path = address->path();
  const auto descriptor = path.empty() ? open_tcp(text, *address, shared) : open_unix(text, *address, path);
  if (!descriptor) return pass(descriptor);
  return Listener(*descriptor);
}

Listener::Listener(Listener&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), leaves_file_(other.leaves_file_) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(leaves_file_, other.leaves_file_);
  return *this;
}

Listener::~Listener() {
  if (descriptor_ < 0) return;
  const auto path = SocketAddress::local(descriptor_).path();
  ::close(descriptor_);
  if (!path.empty()) ::unlink(path.c_str());
}

std::string Listener::address() const { return SocketAddress::local(descriptor_).text(); }

int Listener::release() { return std::exchange(descriptor_, -1); }

}  // namespace gatehouse::http
