// One client connection: reads requests, asks the handler, writes responses, in order. RFC 9112 §9.
//
// A coroutine in the server's Scope owns it; shard's thread only. Idle it holds its 4 KiB read buffer and nothing else;
// the rest is lent by the server's pool from the first byte of a request until the last response has gone. Responses to
// pipelined requests are gathered and sent together. The socket is read through Asio (one recv per readiness) and
// written with a plain send, which waits only when the peer's window is full.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>

#include "base/bytes.h"
#include "http/server_context.h"
#include "runtime/task.h"

namespace gatehouse::http {

using Socket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
using PeerName = InlineString<46>;

inline constexpr std::size_t gathered_bytes_max = 16 * 1024;  // responses to a pipelined burst are sent when they reach this

class Connection : public ConnectionHook {
 public:
  // Counts against `source` while it lives; against nobody when that is empty.
  Connection(ServerContext& context, Socket socket, PeerName peer, PeerName source);
  ~Connection();

  static Async<void> run(std::unique_ptr<Connection> connection);
  // What ends the coroutine that owns this. Before it is run.
  void ended_by(asio::cancellation_signal& signal) { ending_ = &signal; }

  // Called by the server, never from inside the coroutine.
  void sweep();              // ends what has waited too long, or for nobody; may destroy this
  void stop_waiting();       // if idle, wakes it up: a draining server answers what has just come, then closes
  void evict();              // closes it to make room
  void cut();                // at once
  // Idle, or at something the client has had time for: never while a request is handled.
  [[nodiscard]] bool is_evictable() const;
  [[nodiscard]] std::string_view source() const { return source_; }
  [[nodiscard]] std::uint32_t phase_began_ms() const { return phase_began_ms_; }

 private:
  enum class Phase : std::uint8_t { idle, header, body, handling, writing, lingering };
  enum class Wake : std::uint8_t { none, timed_out, evicted, cut };
  enum class Sent : std::uint8_t { all, blocked, broken };

  enum class Body : std::uint8_t { whole, incomplete, refused };

  Async<void> serve();
  Async<bool> read_body();           // false: the request cannot be completed; an answer may be waiting to be sent
  Async<bool> read_sized_body();
  Async<bool> read_chunked_body();
  Async<bool> read_into(char* to, std::size_t size, std::size_t* bytes);
  Async<bool> flush();               // false: the peer is gone
  Async<void> finish();              // sends what is left to say and hangs up without losing it

  void enter(Phase phase);
  [[nodiscard]] std::uint32_t phase_ms_max() const;  // 0: as long as it takes
  // Whether the client has had `most_ms` for the phase it is in.
  [[nodiscard]] bool is_over(std::uint32_t most_ms) const;
  // Counts the memory that an arriving request takes; false: there is none left for it.
  [[nodiscard]] bool hold(std::size_t buffer_bytes, std::size_t body_bytes);
  // The same for responses that the peer is slow to read.
  [[nodiscard]] bool hold_unsent(std::size_t bytes);
  [[nodiscard]] bool has_gone();
  [[nodiscard]] RequestParser::Progress parse_buffered();
  [[nodiscard]] bool prepare_read();  // false: draining, and the peer has said nothing more; or no memory is left
  [[nodiscard]] asio::mutable_buffer free_room() { return {buffer_.get() + end_, capacity_ - end_}; }
  void become_idle();
  [[nodiscard]] bool make_room(std::size_t size);  // false: refused, no memory is left for it
  [[nodiscard]] bool take_last_bytes();
  [[nodiscard]] bool after_read(const boost::system::error_code& error, std::size_t bytes);
  [[nodiscard]] Body begin_body();
  [[nodiscard]] Response after_exception(const std::exception& why);

  void answer(const Response& response, SteadyTime began);
  void append_checked(const Response& response, std::string_view body, ResponseFrame frame);
  void refuse(Refusal why);
  void give_up();            // on the handler, while it runs
  [[nodiscard]] Sent send_now();
  [[nodiscard]] bool has_output() const { return exchange_ && !exchange_->out.empty(); }

  ServerContext& context_;
  Socket socket_;
  asio::cancellation_signal* ending_ = nullptr;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;      // [begin_, end_) has been read and not yet used
  std::size_t end_ = 0;
  std::size_t request_end_ = 0;  // where the current request's octets in the buffer end, once its head is complete
  std::size_t sent_ = 0;       // of exchange_->out
  std::size_t body_bytes_max_ = 0;
  std::size_t held_bytes_ = 0;  // of ServerContext::held_bytes
  std::size_t unsent_bytes_ = 0;  // of them, what responses take; 0 while every write goes through at once
  std::uint32_t phase_began_ms_ = 0;
  Phase phase_ = Phase::idle;
  Wake wake_ = Wake::none;
  bool is_open_ = true;        // more requests may follow
  bool has_unread_ = false;    // the peer may still be sending what nobody will read
  PeerName peer_, source_;
};

}  // namespace gatehouse::http
