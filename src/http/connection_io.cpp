// The colder half of a connection: bodies that have not arrived whole, answers, writing, hanging up.
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <algorithm>
#include <cerrno>

#include "http/chunked.h"
#include "http/connection.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t progress_bytes = 64 * 1024;    // what a body or a response must move per time-out
constexpr std::size_t body_step_bytes = 16 * 1024;   // memory follows what has come, not what was announced
constexpr std::size_t linger_bytes_max = 1024 * 1024;
constexpr std::size_t raw_room_bytes = 1024;         // for chunked framing, behind the head
constexpr std::size_t gzip_kept_bytes_max = 256 * 1024;

constexpr std::string_view bare_500 =
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

}  // namespace

Connection::Body Connection::begin_body() {
  auto& parser = exchange_->parser;
  const auto& framing = parser.framing();
  request_end_ = begin_ + parser.head_bytes();
  if (!framing.is_chunked && framing.content_length == 0) return Body::whole;
  body_bytes_max_ = context_.handler.body_bytes_max(parser.request());
  if (framing.content_length > body_bytes_max_) {
    refuse({413, "body_too_large", body_bytes_max_});
    return Body::refused;
  }
  const auto size = static_cast<std::size_t>(framing.content_length);
  if (framing.is_chunked || end_ - request_end_ < size) return Body::incomplete;
  parser.request().body = {buffer_.get() + request_end_, size};
  request_end_ += size;
  return Body::whole;
}

Async<bool> Connection::read_body() {
  if (exchange_->parser.framing().expects_continue && request_end_ == end_)
    exchange_->out.append("HTTP/1.1 100 Continue\r\n\r\n");
  if (has_output()) {
    const bool is_sent = co_await flush();
    if (!is_sent) co_return false;
  }
  enter(Phase::body);
  if (exchange_->parser.framing().is_chunked) co_return co_await read_chunked_body();
  co_return co_await read_sized_body();
}

Async<bool> Connection::read_sized_body() {
  auto& body = exchange_->body;
  const auto size = static_cast<std::size_t>(exchange_->parser.framing().content_length);
  body.assign(buffer_.get() + request_end_, end_ - request_end_);
  request_end_ = end_;
  std::size_t next_mark = progress_bytes;
  while (body.size() < size) {
    const std::size_t have = body.size();
    const std::size_t next = std::min(size, have + body_step_bytes);
    if (!hold(capacity_, next)) {
      refuse({503, "overloaded"});
      co_return false;
    }
    body.resize(next);
    std::size_t bytes = 0;
    const bool is_read = co_await read_into(body.data() + have, body.size() - have, &bytes);
    if (!is_read) co_return false;
    body.resize(have + bytes);
    if (body.size() < next_mark) continue;
    next_mark = body.size() + progress_bytes;
    enter(Phase::body);
  }
  exchange_->parser.request().body = body;
  co_return true;
}

Async<bool> Connection::read_chunked_body() {
  auto& body = exchange_->body;
  body.clear();
  ChunkedDecoder decoder(body_bytes_max_);
  std::size_t next_mark = progress_bytes;
  while (true) {
    std::size_t consumed = 0;
    const auto progress = decoder.feed({buffer_.get() + request_end_, end_ - request_end_}, body, consumed);
    request_end_ += consumed;
    if (progress == ChunkedDecoder::Progress::complete) break;
    if (progress == ChunkedDecoder::Progress::refused) refuse({400, "chunk_invalid"});
    if (progress == ChunkedDecoder::Progress::too_large) refuse({413, "body_too_large", body_bytes_max_});
    if (progress != ChunkedDecoder::Progress::incomplete) co_return false;
    end_ = request_end_ = begin_ + exchange_->parser.head_bytes();  // what was there has been decoded
    if (!hold(capacity_, body.size())) {
      refuse({503, "overloaded"});
      co_return false;
    }
    if (!make_room(raw_room_bytes)) co_return false;
    std::size_t bytes = 0;
    const bool is_read = co_await read_into(buffer_.get() + end_, capacity_ - end_, &bytes);
    if (!is_read) co_return false;
    end_ += bytes;
    if (body.size() < next_mark) continue;
    next_mark = body.size() + progress_bytes;
    enter(Phase::body);
  }
  exchange_->parser.request().body = body;
  co_return true;
}

Async<bool> Connection::read_into(char* to, std::size_t size, std::size_t* bytes) {
  auto reading = socket_.async_read_some(asio::buffer(to, size), asio::as_tuple(asio::deferred));
  const auto [error, count] = co_await std::move(reading);
  if (!error) {
    *bytes = count;
    if (wake_ != Wake::cut) wake_ = Wake::none;
    co_return true;
  }
  if (error == asio::error::operation_aborted && wake_ == Wake::timed_out) refuse({408, "body_timeout", context_.limits.body_timeout_ms});
  co_return false;
}

void Connection::answer(const Response& response, SteadyTime began) {
  if (!is_open_) return;  // given up meanwhile: there is an answer
  const auto& framing = exchange_->parser.framing();
  const auto& request = exchange_->parser.request();
  ResponseFrame frame{.is_head = request.method == Method::head, .is_http_1_0 = framing.is_http_1_0};
  frame.keeps_alive = framing.keeps_alive && !response.closes && context_.keeps_alive;
  std::string_view body = response.body;
  if (body.size() >= limits::gzip_body_bytes_min && has_content(response.status) && is_compressible(response.content_type)) {
    const auto is_encoding = [](const auto& field) { return field.first == "content-encoding"; };
    frame.varies_by_encoding = std::ranges::none_of(response.fields, is_encoding);
    frame.is_gzipped = frame.varies_by_encoding && accepts_gzip(request.header("accept-encoding")) &&
                       context_.compressor.compress(body, context_.compressed);
    if (frame.is_gzipped) body = context_.compressed;
  }
  if (has_output() && body.size() >= gathered_bytes_max) (void)send_now();  // or both would have to be kept
  append_checked(response, body, frame);
  if (context_.compressed.capacity() > gzip_kept_bytes_max) context_.compressed = {};
  context_.stats.count_duration(context_.clock.steady() - began);
  begin_ = request_end_;  // on to the next request
  exchange_->parser.reset();
  exchange_->body.clear();
  if (held_bytes_ > 0) (void)hold(capacity_, 0);
}

void Connection::append_checked(const Response& response, std::string_view body, ResponseFrame frame) {
  is_open_ = frame.keeps_alive;
  if (append_response(exchange_->out, response, body, frame, context_.common)) {
    context_.stats.count_response(response.status);
    return;
  }
  is_open_ = false;
  context_.stats.count_response(500);
  const auto instead = context_.handler.refuse({500, "response_field_invalid"}, &exchange_->parser.request());
  const ResponseFrame last{.is_head = frame.is_head, .is_http_1_0 = frame.is_http_1_0, .keeps_alive = false};
  if (!append_response(exchange_->out, instead, instead.body, last, context_.common)) exchange_->out.append(bare_500);
}

void Connection::refuse(Refusal why) {
  has_unread_ = true;
  const auto response = context_.handler.refuse(why, &exchange_->parser.request());
  const ResponseFrame frame{.is_head = exchange_->parser.request().method == Method::head, .keeps_alive = false};
  append_checked(response, response.body, frame);
}

// Called by the sweep. Nothing is taken from the handler: it may be waiting for a disk that hangs, and its end is as near
// as that. This connection is good for no more requests, since theirs would come after it.
void Connection::give_up() {
  refuse({504, "deadline_exceeded", context_.limits.request_timeout_ms});
  if (send_now() != Sent::all) return cut();
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

Connection::Sent Connection::send_now() {
  auto& out = exchange_->out;
  while (sent_ < out.size()) {
    const auto rest = out.view().substr(sent_);
    const auto bytes = ::send(socket_.native_handle(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::blocked : Sent::broken;
    sent_ += static_cast<std::size_t>(bytes);
  }
  out.clear();
  sent_ = 0;
  return Sent::all;
}

Async<bool> Connection::flush() {
  std::size_t next_mark = 0;
  while (true) {
    const auto sent = send_now();
    if (sent == Sent::all) {
      if (unsent_bytes_ > 0) (void)hold_unsent(0);
      co_return true;
    }
    if (sent == Sent::broken) co_return false;
    if (unsent_bytes_ == 0 && !hold_unsent(exchange_->out.capacity())) {
      context_.stats.count_turned_away();
      co_return false;
    }
    if (sent_ >= next_mark) {
      next_mark = sent_ + progress_bytes;
      enter(Phase::writing);
    }
    auto waiting = socket_.async_wait(Socket::wait_write, asio::as_tuple(asio::deferred));
    const auto [error] = co_await std::move(waiting);
    if (error) co_return false;
  }
}

// Closing a socket with unread octets in it makes the kernel send RST, which may overtake the last response; so the
// sending half is closed first and the rest is read away, for a while.
Async<void> Connection::finish() {
  if (wake_ == Wake::cut || wake_ == Wake::evicted) co_return;
  if (has_output()) {
    const bool is_sent = co_await flush();
    if (!is_sent) co_return;
  }
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  char probe;
  const bool has_more = ::recv(socket_.native_handle(), &probe, 1, MSG_DONTWAIT) > 0;
  if (!has_unread_ && !has_more) co_return;
  enter(Phase::lingering);
  if (held_bytes_ > 0) {
    exchange_->body = {};
    (void)hold(capacity_, 0);
  }
  wake_ = Wake::none;
  begin_ = end_ = 0;
  for (std::size_t total = 0; total < linger_bytes_max;) {
    std::size_t bytes = 0;
    const bool is_read = co_await read_into(buffer_.get(), capacity_, &bytes);
    if (!is_read) co_return;
    total += bytes;
  }
}

}  // namespace gatehouse::http
