// RequestParser: bytes in, the head of one request out. Strict RFC 9112, incremental, no I/O, no allocation once warm.
//
// Owned by a connection's exchange, used on its shard. It works line by line inside the connection's buffer: it lowers
// field names and rewrites the path in place and gives out views, so that a head costs one pass and no copy. The
// answer never depends on how the bytes were split over calls.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/field_rules.h"
#include "http/message.h"

namespace gatehouse::http {

// How the body is framed and what becomes of the connection.
struct Framing {
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool is_chunked = false;
  bool is_http_1_0 = false;
  bool keeps_alive = true;
  bool expects_continue = false;
};

class RequestParser {
 public:
  enum class Progress : std::uint8_t { incomplete, complete, refused };

  // Forgets the last request; keeps its memory.
  void reset();
  // `data` holds everything that has arrived since the request's first byte. Call again with more until it is
  // not `incomplete`. Bytes after the head are not looked at.
  Progress parse(char* data, std::size_t size);
  // The buffer has moved: every view follows it.
  void follow(const char* from, const char* to);

  [[nodiscard]] Request& request() { return request_; }
  [[nodiscard]] const Framing& framing() const { return framing_; }
  [[nodiscard]] const Refusal& refusal() const { return refusal_; }
  [[nodiscard]] std::size_t head_bytes() const { return line_; }  // once complete

 private:
  enum class Stage : std::uint8_t { request_line, fields, complete, refused };

  Progress refuse(int status, std::string_view reason);
  [[nodiscard]] bool is_over_limit(std::size_t line_end);
  bool take_request_line(char* begin, char* end);
  bool take_version(std::string_view version);
  bool take_method(std::string_view method);
  bool take_target(char* begin, char* end);
  bool take_path(char* begin, char* end);
  bool take_field(char* begin, char* end);
  bool take_special(FieldKind kind, std::string_view value);
  bool take_content_length(std::string_view value);
  bool take_connection(std::string_view value);
  bool finish();
  bool fail(int status, std::string_view reason, std::uint64_t limit = 0);

  Request request_;
  Framing framing_;
  Refusal refusal_;
  std::string_view authority_;  // of an absolute-form target
  std::string_view host_;
  std::uint64_t seen_ = 0;      // FieldClass::bit of every field that may stand once
  std::size_t line_ = 0;        // where the current line begins
  std::size_t scanned_ = 0;     // up to here there is no LF in it
  std::size_t section_ = 0;     // where the first field line begins
  std::size_t field_count_ = 0;
  Stage stage_ = Stage::request_line;
  bool is_close_asked_ = false;
  bool is_keep_alive_asked_ = false;
};

}  // namespace gatehouse::http
