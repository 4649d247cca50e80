#include "http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <cstring>
#include <exception>
#include <utility>

#include "telemetry/log.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t room_bytes_min = 512;            // worth a recv
constexpr std::uint32_t linger_ms = 2'000;
constexpr std::uint32_t patience_divisor = 10;  // with every place taken, a client has this part of a phase's time only
constexpr Refusal no_memory_left{503, "overloaded"};

constexpr std::size_t above_free_share(std::size_t bytes) {
  return bytes > limits::read_buffer_bytes ? bytes - limits::read_buffer_bytes : 0;
}

}  // namespace

Connection::Connection(ServerContext& context, Socket socket, PeerName peer, PeerName source)
    : context_(context), socket_(std::move(socket)), peer_(peer), source_(source) {
  ++context_.connections;
  if (!source_.empty()) context_.sources.add(source_);
  enter(Phase::idle);
}

Connection::~Connection() {
  if (exchange_) context_.exchanges.give_back(std::move(exchange_));
  --context_.connections;
  if (!source_.empty()) context_.sources.remove(source_);
  context_.held_bytes -= held_bytes_;
}

Async<void> Connection::run(std::unique_ptr<Connection> connection) {
  try {
    co_await connection->serve();
  } catch (const std::exception& why) {
    // Every wait of a connection that is cut ends here. Anything else is a bug, and costs this connection alone.
    if (connection->wake_ != Wake::cut) log::error("a connection ended in an exception", {{"what", why.what()}});
  }
}

Async<void> Connection::serve() {
  while (is_open_) {
    const auto progress = parse_buffered();
    if (progress == RequestParser::Progress::refused) {
      refuse(exchange_->parser.refusal());
      break;
    }
    if (progress == RequestParser::Progress::incomplete) {
      if (has_output() && send_now() != Sent::all) {
        const bool is_sent = co_await flush();
        if (!is_sent) co_return;
      }
      if (!prepare_read()) break;
      auto reading = socket_.async_read_some(free_room(), asio::as_tuple(asio::deferred));
      const auto [error, bytes] = co_await std::move(reading);
      if (!after_read(error, bytes)) break;
      continue;
    }
    const auto body = begin_body();
    if (body == Body::refused) break;
    if (body == Body::incomplete) {
      const bool is_whole = co_await read_body();
      if (!is_whole) break;
    }
    enter(Phase::handling);
    const auto began = context_.clock.steady();
    Response response;
    try {
      auto handling = context_.handler.handle(exchange_->parser.request());
      response = co_await std::move(handling);
    } catch (const std::exception& why) {
      response = after_exception(why);
    }
    answer(response, began);
    if (exchange_->out.size() < gathered_bytes_max) continue;
    const bool is_sent = co_await flush();
    if (!is_sent) co_return;
  }
  co_await finish();
}

RequestParser::Progress Connection::parse_buffered() {
  if (begin_ == end_) return RequestParser::Progress::incomplete;
  if (!exchange_) {
    exchange_ = context_.exchanges.take();
    exchange_->parser.reset();
    exchange_->parser.request().peer = peer_;
  }
  return exchange_->parser.parse(buffer_.get() + begin_, end_ - begin_);
}

bool Connection::prepare_read() {
  if (begin_ == end_) {
    become_idle();
    return !context_.is_draining || take_last_bytes();
  }
  if (phase_ != Phase::header) enter(Phase::header);
  return make_room(room_bytes_min);
}

void Connection::become_idle() {
  begin_ = end_ = 0;
  enter(Phase::idle);
  if (exchange_) context_.exchanges.give_back(std::move(exchange_));
  if (held_bytes_ > 0) (void)hold(0, 0);
  if (capacity_ == limits::read_buffer_bytes) return;
  capacity_ = limits::read_buffer_bytes;
  buffer_ = std::make_unique_for_overwrite<char[]>(capacity_);
}

// Moves the current request to the front, of a larger buffer when it must be. Its views follow.
bool Connection::make_room(std::size_t size) {
  if (capacity_ - end_ >= size) return true;
  const std::size_t live = end_ - begin_;
  const char* const from = buffer_.get() + begin_;
  std::unique_ptr<char[]> old;
  if (live + size > capacity_) {
    std::size_t larger = capacity_;
    while (larger < live + size) larger *= 2;
    if (!hold(larger, exchange_->body.size())) {
      refuse(no_memory_left);
      return false;
    }
    capacity_ = larger;
    old = std::exchange(buffer_, std::make_unique_for_overwrite<char[]>(capacity_));
  }
  std::memmove(buffer_.get(), from, live);
  exchange_->parser.follow(from, buffer_.get());
  request_end_ -= std::min(begin_, request_end_);
  begin_ = 0;
  end_ = live;
  return true;
}

// A share of each is free, so that a small request is never turned down for what others send.
bool Connection::hold(std::size_t buffer_bytes, std::size_t body_bytes) {
  const auto bytes = above_free_share(buffer_bytes) + above_free_share(body_bytes) + above_free_share(unsent_bytes_);
  const auto of_others = context_.held_bytes - held_bytes_;
  if (bytes > held_bytes_ && of_others + bytes > context_.limits.held_bytes_max) return false;
  context_.held_bytes = of_others + bytes;
  held_bytes_ = bytes;
  return true;
}

bool Connection::hold_unsent(std::size_t bytes) {
  unsent_bytes_ = bytes;
  return hold(capacity_, exchange_->body.size());
}

// A request that crossed the decision to close idle connections is answered, not lost.
bool Connection::take_last_bytes() {
  const auto bytes = ::recv(socket_.native_handle(), buffer_.get(), capacity_, MSG_DONTWAIT);
  if (bytes <= 0) return false;
  end_ = static_cast<std::size_t>(bytes);
  return true;
}

bool Connection::after_read(const boost::system::error_code& error, std::size_t bytes) {
  if (!error) {
    end_ += bytes;
    if (wake_ != Wake::cut) wake_ = Wake::none;  // it came just in time
    return true;
  }
  if (error != asio::error::operation_aborted) return false;  // hung up
  if (phase_ == Phase::header && wake_ == Wake::timed_out) {
    refuse({408, "header_timeout", context_.limits.header_timeout_ms});
    return false;
  }
  return wake_ == Wake::none && phase_ == Phase::idle && context_.is_draining && take_last_bytes();
}

// Inside a catch block. A handler answers errors as responses: what it throws is a bug, or the end of a cut connection.
Response Connection::after_exception(const std::exception& why) {
  if (wake_ == Wake::cut) throw;
  log::error("a request handler threw", {{"what", why.what()}});
  auto response = context_.handler.refuse({500, "internal"}, &exchange_->parser.request());
  response.closes = true;
  return response;
}

void Connection::enter(Phase phase) {
  phase_ = phase;
  phase_began_ms_ = context_.now_ms + context_.sweep_ms;  // at the latest: a client never gets less than its time
}

std::uint32_t Connection::phase_ms_max() const {
  switch (phase_) {
    case Phase::idle: return context_.limits.idle_timeout_ms;
    case Phase::header: return context_.limits.header_timeout_ms;
    case Phase::body: return context_.limits.body_timeout_ms;
    case Phase::writing: return context_.limits.write_timeout_ms;
    case Phase::lingering: return linger_ms;
    case Phase::handling: break;
  }
  return 0;
}

bool Connection::is_over(std::uint32_t most_ms) const {
  const auto waited_ms = static_cast<std::int32_t>(context_.now_ms - phase_began_ms_);
  return waited_ms >= 0 && static_cast<std::uint32_t>(waited_ms) >= most_ms;
}

bool Connection::is_evictable() const {
  if (wake_ != Wake::none || phase_ == Phase::handling) return false;
  return phase_ == Phase::idle || is_over(phase_ms_max() / patience_divisor);
}

void Connection::sweep() {
  if (!is_over(phase_ms_max())) return;
  boost::system::error_code ignored;
  if (phase_ == Phase::handling) {
    if (wake_ == Wake::cut || !is_open_) return;
    const auto most_ms = context_.limits.request_timeout_ms;
    if (!has_gone()) return most_ms > 0 && is_over(most_ms) ? give_up() : void();
    context_.stats.count_abandoned();
    cut();
    ending_->emit(asio::cancellation_type::terminal);  // may destroy this
  } else if (phase_ == Phase::writing || phase_ == Phase::lingering) {
    if (phase_ == Phase::writing) context_.stats.count_timeout();
    cut();
  } else {
    if (phase_ != Phase::idle && wake_ == Wake::none) context_.stats.count_timeout();
    wake_ = Wake::timed_out;
    socket_.cancel(ignored);
  }
}

// Nobody can receive the answer any more: the connection was reset (a Unix socket: closed). A mere FIN is not that:
// a client may close its sending half after the request and still read (RFC 9112 §9.6), and TCP does not tell
// it from one that has closed both.
bool Connection::has_gone() {
  pollfd state{.fd = socket_.native_handle(), .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

void Connection::stop_waiting() {
  boost::system::error_code ignored;
  if (phase_ == Phase::idle) socket_.cancel(ignored);
}

void Connection::evict() {
  boost::system::error_code ignored;
  wake_ = Wake::evicted;
  socket_.cancel(ignored);
}

void Connection::cut() {
  boost::system::error_code ignored;
  wake_ = Wake::cut;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.cancel(ignored);
}

}  // namespace gatehouse::http
