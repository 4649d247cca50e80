// Responses → octets. One buffer per connection's exchange, written once and sent as it stands. One shard.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace gatehouse::http {

// A growing buffer that hands out raw room, so that a head is written by a run of memcpy.
class WriteBuffer {
 public:
  // Room for `size` more octets; commit() what was written of it.
  [[nodiscard]] char* room(std::size_t size) {
    if (capacity_ - size_ < size) grow(size);
    return data_.get() + size_;
  }
  void commit(const char* end) { size_ = static_cast<std::size_t>(end - data_.get()); }
  void append(std::string_view text) {
    if (text.empty()) return;
    char* at = room(text.size());
    std::memcpy(at, text.data(), text.size());
    size_ += text.size();
  }
  [[nodiscard]] std::string_view view() const { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }
  void give_back_above(std::size_t capacity);  // when empty

 private:
  void grow(std::size_t size);
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// "date: …\r\nx-content-type-options: nosniff\r\n": what every response carries, made anew once a second.
class CommonFields {
 public:
  void refresh(WallTime now);
  [[nodiscard]] std::string_view view() const { return text_; }

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

struct ResponseFrame {
  bool is_head = false;         // the request's method was HEAD: no body
  bool is_http_1_0 = false;     // of the request
  bool keeps_alive = true;
  bool is_gzipped = false;      // the body is: says so, and weakens a strong ETag (RFC 9110 §8.8.3)
  bool varies_by_encoding = false;
};

// 1xx, 204 and 304 never have any (RFC 9110 §6.4.1).
[[nodiscard]] inline bool has_content(int status) { return status >= 200 && status != 204 && status != 304; }

// Appends the whole response. False, with `out` as before, when a field's value holds CR, LF or NUL (S-68) or the
// status is not that of a final response.
// content-length, transfer-encoding and connection are this function's own: a handler's copy is left out, but for
// the content-length of an answer to HEAD that has no body to measure.
[[nodiscard]] bool append_response(WriteBuffer& out, const Response& response, std::string_view body,
                                   const ResponseFrame& frame, const CommonFields& common);

}  // namespace gatehouse::http
