// For the loopback tests: a server on a shard of its own, a handler with a few routes, and a blocking client.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <charconv>
#include <future>
#include <stdexcept>

#include "http/server.h"
#include "http/socket_address.h"
#include "runtime/timer.h"

namespace gatehouse::http {

class TestHandler final : public Handler {
 public:
  Async<Response> handle(const Request& request) override {
    ++handled;
    Response response{.status = 200};
    if (request.path == "/gate") {
      ++waiting;
      while (!is_gate_open) co_await sleep_for(Milliseconds{1});
    }
    if (request.path == "/throw") throw std::runtime_error("a bug");
    const Leaving leaving{left};
    if (request.path == "/stuck") co_await sleep_for(std::chrono::hours{1});
    if (request.path == "/large") response.body = std::string(8'000'000, 'x');
    else if (request.path == "/json") response.body = "{\"a\":\"" + std::string(3000, 'a') + "\"}";
    else response.body = std::string(name_of(request.method)) + " " + std::string(request.path) + " " + std::string(request.body);
    if (request.path == "/field") response.with("location", std::string(request.header("x-value")) + "\r\nset-cookie: a");
    if (request.path == "/peer") response.body = std::string(request.peer);
    if (request.path == "/close") response.closes = true;
    if (request.path == "/none") response.status = 204;
    co_return response;
  }
  Response refuse(const Refusal& why, const Request* request) override {
    Response response{.status = why.status, .body = "refused: " + std::string(why.reason)};
    response.with("x-limit", std::to_string(why.limit));
    return response.with("x-path", std::string(request != nullptr ? request->path : "nothing read"));
  }
  std::size_t body_bytes_max(const Request& request) override {
    return request.path == "/megabyte" ? 1'000'000 : request.path == "/tiny" ? 10 : 64 * 1024;
  }
  std::atomic<int> handled = 0, waiting = 0, left = 0;  // left: whether answered or ended
  std::atomic<bool> is_gate_open = false;

 private:
  struct Leaving {
    std::atomic<int>& count;
    ~Leaving() { ++count; }
  };
};

inline std::size_t number_at(std::string_view text, std::size_t at) {
  std::size_t number = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), number);
  return number;
}

struct Answer {
  int status = 0;  // 0: the connection was closed instead
  std::string head, body;
  [[nodiscard]] bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class Client {
 public:
  explicit Client(const std::string& where, const std::string& from = "") {
    const auto address = SocketAddress::parse(where).value();
    socket_ = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (!from.empty()) {
      const auto source = SocketAddress::parse(from + ":0").value();
      [[maybe_unused]] const int bound = ::bind(socket_, source.get(), source.size());
    }
    is_connected = ::connect(socket_, address.get(), address.size()) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { hang_up(); }

  void send(std::string_view text) {
    while (!text.empty()) {
      const auto bytes = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (bytes <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(bytes));
    }
  }
  Answer get(std::string_view path, std::string_view fields = "") {
    send("GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    return read();
  }
  Answer read(bool is_head = false) {
    Answer answer;
    std::size_t end;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
      if (!receive()) return answer;
    answer.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    answer.status = static_cast<int>(number_at(answer.head, 9));
    const auto at = answer.head.find("content-length: ");
    const std::size_t size = at == std::string::npos || is_head ? 0 : number_at(answer.head, at + 16);
    while (buffer_.size() < size)
      if (!receive()) return {};
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
  }
  bool has_answer() {  // or part of one
    pollfd ready{.fd = socket_, .events = POLLIN, .revents = 0};
    return !buffer_.empty() || ::poll(&ready, 1, 0) > 0;
  }
  bool is_closed_by_peer() { return buffer_.empty() && !receive() && !is_silent_; }
  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up();
  }
  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  bool is_connected = false;
  std::size_t reads = 0;  // how many pieces the answers came in

 private:
  bool receive() {
    char piece[65536];
    const auto bytes = ::recv(socket_, piece, sizeof piece, 0);
    is_silent_ = bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (bytes <= 0) return false;
    ++reads;
    buffer_.append(piece, static_cast<std::size_t>(bytes));
    return true;
  }
  int socket_ = -1;
  bool is_silent_ = false;
  std::string buffer_;
};

inline std::string post(std::string_view path, std::string_view fields, std::string_view body) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

// Waits, without caring how long it takes on a busy machine, for what other threads will make true.
template <class Condition>
bool becomes_true(Condition condition) {
  for (int i = 0; i < 10'000; ++i) {
    if (condition()) return true;
    ::usleep(500);
  }
  return false;
}

class RunningServer {
 public:
  explicit RunningServer(ServerLimits limits = {}, const std::string& address = "127.0.0.1:0")
      : shard_(0), server_(shard_, bind(address), handler, limits, metrics) {
    server_.start();
    shard_.start();
  }
  ~RunningServer() {
    handler.is_gate_open = true;
    drain(Milliseconds{1});
    shard_.stop();
  }
  void drain(Milliseconds timeout) { start_drain(timeout).get(); }
  std::future<void> start_drain(Milliseconds timeout) {
    return asio::co_spawn(shard_.executor(), server_.drain(timeout), asio::use_future);
  }
  [[nodiscard]] std::size_t connections() {
    std::promise<std::size_t> count;
    shard_.post([&] { count.set_value(server_.connections()); });
    return count.get_future().get();
  }
  [[nodiscard]] const std::string& address() const { return address_; }

  TestHandler handler;
  telemetry::Metrics metrics;

 private:
  Listener bind(const std::string& address) {
    auto listener = Listener::open(address, false);
    if (!listener) throw std::runtime_error(listener.error().message);
    address_ = listener->address();
    return std::move(*listener);
  }
  std::string address_;
  Shard shard_;
  Server server_;
};

}  // namespace gatehouse::http
