// The HTTP/1.1 server of one shard: accepts, reads, calls the handler, writes. Strict (RFC 9112), bounded in
// every size and every wait, keep-alive and pipelining, 100-continue, HEAD, gzip for large JSON.
//
// A request whose client has reset the connection is cancelled within two sweeps: its handler sees terminal
// cancellation. Closing the sending half alone is allowed and ends nothing. A request that its handler has not answered
// after request_timeout_ms is answered 504 by a sweep, and its handler goes on: what it has begun may still happen.
//
// One Server per shard and listener, used on that shard's thread only. A coroutine per connection, all owned by the
// server's Scope. Time-outs are swept every 250 ms rather than armed per request: the hot path sets a number.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "http/message.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::http {

class Handler {
 public:
  virtual ~Handler() = default;
  // Always answers: errors are responses here. `request` outlives the task.
  virtual Async<Response> handle(const Request& request) = 0;
  // The answer to what never became a request (`status` 400, 408, 413, 414, 417, 431, 501, 503, 505), and instead of
  // a response that cannot be sent (500) or does not come (504). `request` is what of it was understood before that: its path is empty until the
  // request line was; null when nothing was read. The connection closes after it.
  virtual Response refuse(const Refusal& why, const Request* request) = 0;
  // The most body octets the route of this request takes, asked once the header is complete and canonical.
  virtual std::size_t body_bytes_max(const Request& request) = 0;
  // Whom a connection from `peer` counts against (connections_per_source_max); empty: nobody, there may be any number.
  virtual InlineString<46> source_of(std::string_view peer) { return peer; }
};

struct ServerLimits {
  std::uint32_t header_timeout_ms = limits::header_timeout_ms;
  std::uint32_t body_timeout_ms = limits::body_timeout_ms;
  std::uint32_t idle_timeout_ms = limits::idle_timeout_ms;
  std::uint32_t request_timeout_ms = 0;  // 0: as long as it takes
  std::uint32_t write_timeout_ms = limits::write_timeout_ms;
  std::size_t connections_max = limits::connections_max;
  std::size_t connections_per_source_max = limits::connections_max;
  std::size_t held_bytes_max = limits::received_bytes_max;
};

// A listening socket, bound before anything else starts so that a port in use is the first thing said.
// Owns the descriptor. One per shard with SO_REUSEPORT for TCP; a Unix socket is for one shard.
class Listener {
 public:
  // `address` is "127.0.0.1:8080", "[::1]:8080" or "unix:/path". `shared` sets SO_REUSEPORT; the first
  // listener of an address binds without it once to find out whether someone else has the port.
  // FAILED_PRECONDITION address_in_use | address_invalid | address_not_allowed.
  [[nodiscard]] static Result<Listener> open(std::string_view address, bool shared);
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();
  [[nodiscard]] std::string address() const;  // as bound: port 0 has become a real one
  [[nodiscard]] int release();                // gives the descriptor away
  // The file of a Unix socket: the server that has stopped listening leaves it to whoever opened the listener. For a
  // folder on a disk that might hang, for removing it would hang with it.
  void leave_file() { leaves_file_ = true; }
  [[nodiscard]] bool leaves_file() const { return leaves_file_; }

 private:
  explicit Listener(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
  bool leaves_file_ = false;
};

class Server {
 public:
  Server(Shard& shard, Listener listener, Handler& handler, ServerLimits limits, telemetry::Metrics& metrics);
  ~Server();
  void start();  // on the shard's thread or before it runs
  // From now on every answer says `Connection: close`, so that clients come back elsewhere. On the shard's thread.
  void close_after_answers();
  // Stops accepting, closes idle connections, lets requests in flight finish with `Connection: close`, and after
  // `timeout` cuts what is left. Returns when every connection has ended. On the shard's thread.
  Async<void> drain(Milliseconds timeout);
  [[nodiscard]] std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::http
