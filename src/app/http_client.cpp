#include "app/http_client.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

namespace gatehouse::app {
namespace {

constexpr std::size_t response_bytes_max = 4 * 1024 * 1024;
constexpr int connect_timeout_s = 30;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

std::unexpected<Error> unreachable(const Endpoint& endpoint, std::string_view why) {
  return fail(Code::unavailable, "unreachable", fmt::format("cannot reach {}: {}", endpoint.authority(), why));
}

void set_timeouts(int descriptor, int timeout_s) {
  const timeval limit{.tv_sec = timeout_s, .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Result<int> connect_unix(const Endpoint& endpoint) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.path.size() >= sizeof address.sun_path)
    return unreachable(endpoint, "the path is too long for a socket");
  std::memcpy(address.sun_path, endpoint.path.data(), endpoint.path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return unreachable(endpoint, std::strerror(errno));
  return socket.release();
}

Result<int> connect_tcp(const Endpoint& endpoint) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &wanted, &list); error != 0)
    return unreachable(endpoint, ::gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, ::freeaddrinfo);
  int last_error = ENOENT;
  for (const auto* one = list; one; one = one->ai_next) {
    Socket socket(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
    if (socket.get() < 0) continue;
    set_timeouts(socket.get(), connect_timeout_s);
    if (::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) return socket.release();
    last_error = errno;
  }
  return unreachable(endpoint, std::strerror(last_error));
}

std::string serialise(const Endpoint& endpoint, const ClientRequest& request) {
  auto text = fmt::format(
      "{} {}{} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\naccept: application/json\r\nuser-agent: gatehouse-cli\r\n",
      request.method, endpoint.prefix, request.target, endpoint.path.empty() ? endpoint.authority() : "localhost");
  for (const auto& [name, value] : request.fields) text += fmt::format("{}: {}\r\n", name, value);
  if (!request.body.empty()) text += "content-type: application/json\r\n";
  if (!request.body.empty() || request.method != "GET")
    text += fmt::format("content-length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

bool send_all(int descriptor, std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = ::send(descriptor, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::optional<std::string> receive_all(int descriptor) {
  std::string octets;
  char buffer[16 * 1024];
  for (;;) {
    const auto got = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || octets.size() > response_bytes_max) return std::nullopt;
    if (got == 0) return octets;
    octets.append(buffer, static_cast<std::size_t>(got));
  }
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::string> join_chunks(std::string_view octets) {
  std::string body;
  for (;;) {
    const auto line_end = octets.find("\r\n");
    if (line_end == std::string_view::npos) return std::nullopt;
    const auto line = octets.substr(0, line_end);
    const auto size = parse_number<std::size_t>(line.substr(0, line.find(';')), 16);
    octets.remove_prefix(line_end + 2);
    if (!size || *size > octets.size()) return std::nullopt;
    if (*size == 0) return body;
    body.append(octets.substr(0, *size));
    octets.remove_prefix(*size);
    if (!octets.starts_with("\r\n")) return std::nullopt;
    octets.remove_prefix(2);
  }
}

bool is_chunked(std::string_view head) {
  std::string lower(head);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower.find("\r\ntransfer-encoding: chunked\r\n") != std::string::npos;
}

}  // namespace

std::string Endpoint::authority() const {
  if (!path.empty()) return path;
  const auto shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == "80" ? shown : shown + ":" + port;
}

Result<Endpoint> parse_endpoint(std::string_view url) {
  const auto misused = [&](std::string_view why) {
    return fail(Code::invalid_argument, "usage", fmt::format("{}: {}", url, why));
  };
  if (url.starts_with("unix:/")) return Endpoint{.path = std::string(url.substr(5))};
  if (url.starts_with("https://"))
    return misused(
        "this command does not speak https; use the plain listener on the machine itself, or a local TLS tunnel");
  if (!url.starts_with("http://")) return misused("a URL begins with http://, such as http://127.0.0.1:8080");
  auto rest = url.substr(7);
  const auto slash = rest.find('/');
  Endpoint endpoint;
  if (slash != std::string_view::npos) endpoint.prefix = rest.substr(slash);
  while (endpoint.prefix.ends_with('/')) endpoint.prefix.pop_back();
  rest = rest.substr(0, slash);
  const auto bracket = rest.find(']');
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  endpoint.port = colon == std::string_view::npos ? "80" : std::string(rest.substr(colon + 1));
  auto host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  endpoint.host = host;
  if (endpoint.host.empty() || !parse_number<std::uint16_t>(endpoint.port, 10))
    return misused("this is no http://host:port");
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return misused("a URL holds no blanks");
  return endpoint;
}

Result<ClientResponse> fetch(const Endpoint& endpoint, const ClientRequest& request) {
  auto connected = endpoint.path.empty() ? connect_tcp(endpoint) : connect_unix(endpoint);
  if (!connected) return pass(connected);
  const Socket socket(*connected);
  set_timeouts(socket.get(), request.answer_timeout_s);
  // A server may answer and close before it has read everything: what it said counts, so a failed send is not the end.
  const bool was_sent = send_all(socket.get(), serialise(endpoint, request));
  const auto octets = receive_all(socket.get());
  if (!octets || octets->empty())
    return unreachable(endpoint, was_sent ? "it gave no answer" : "the connection was closed");
  return parse_response(*octets);
}

Result<ClientResponse> parse_response(std::string_view octets) {
  const auto malformed = fail(Code::unavailable, "unreachable", "the answer is no HTTP/1.1");
  const auto head_end = octets.find("\r\n\r\n");
  if (head_end == std::string_view::npos || !octets.starts_with("HTTP/1.") || octets.size() < 12) return malformed;
  const auto status = parse_number<int>(octets.substr(9, 3), 10);
  if (!status) return malformed;
  if (*status == 100) return parse_response(octets.substr(head_end + 4));
  const auto body = octets.substr(head_end + 4);
  if (!is_chunked(octets.substr(0, head_end + 2))) return ClientResponse{*status, std::string(body)};
  auto joined = join_chunks(body);
  if (!joined) return malformed;
  return ClientResponse{*status, *std::move(joined)};
}

}  // namespace gatehouse::app
