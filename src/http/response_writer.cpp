#include "http/response_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gatehouse::http {
namespace {

char* put(char* at, std::string_view text) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* put_number(char* at, std::size_t number) { return std::to_chars(at, at + 20, number).ptr; }

std::string_view status_line(int status) {
  switch (status) {
    case 200: return "HTTP/1.1 200 OK\r\n";
    case 201: return "HTTP/1.1 201 Created\r\n";
    case 204: return "HTTP/1.1 204 No Content\r\n";
    case 304: return "HTTP/1.1 304 Not Modified\r\n";
    case 401: return "HTTP/1.1 401 Unauthorized\r\n";
    case 404: return "HTTP/1.1 404 Not Found\r\n";
    default: return {};
  }
}

void append_status_line(WriteBuffer& out, int status) {
  if (const auto line = status_line(status); !line.empty()) return out.append(line);
  char* at = out.room(80);
  at = put(at, "HTTP/1.1 ");
  at = put_number(at, static_cast<std::size_t>(status));
  *at++ = ' ';
  at = put(at, reason_phrase(status));
  out.commit(put(at, "\r\n"));
}

bool is_safe(std::string_view value) {
  unsigned bad = 0;
  for (const char c : value) bad |= static_cast<unsigned>((c == '\r') | (c == '\n') | (c == '\0'));
  return bad == 0;
}

bool is_framing(std::string_view name) {
  switch (name.size()) {
    case 10: return name == "connection" || name == "keep-alive";
    case 14: return name == "content-length";
    case 17: return name == "transfer-encoding";
    default: return false;
  }
}

bool append_fields(WriteBuffer& out, const Response& response, const ResponseFrame& frame) {
  for (const auto& [name, value] : response.fields) {
    if (!is_safe(value)) return false;
    if (is_framing(name)) continue;
    const bool is_weakened = frame.is_gzipped && name == "etag" && value.starts_with('"');
    char* at = out.room(name.size() + value.size() + 6);
    at = put(at, name);
    at = put(at, ": ");
    if (is_weakened) at = put(at, "W/");
    at = put(at, value);
    out.commit(put(at, "\r\n"));
  }
  return true;
}

// A bodiless answer to HEAD may say how long the body of GET would be (a proxy knows it from upstream).
std::string_view stated_length(const Response& response) {
  for (const auto& [name, value] : response.fields)
    if (name == "content-length" && !value.empty() && value.find_first_not_of("0123456789") == std::string::npos)
      return value;
  return {};
}

void append_length(WriteBuffer& out, const Response& response, std::string_view body, const ResponseFrame& frame) {
  const auto stated = frame.is_head && body.empty() ? stated_length(response) : std::string_view();
  char* at = out.room(64 + stated.size());
  at = put(at, "content-length: ");
  at = stated.empty() ? put_number(at, body.size()) : put(at, stated);
  out.commit(put(at, "\r\n"));
}

}  // namespace

void WriteBuffer::grow(std::size_t size) {
  const std::size_t capacity = std::max<std::size_t>({1024, capacity_ * 2, size_ + size});
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
  data_ = std::move(larger);
  capacity_ = capacity;
}

void WriteBuffer::give_back_above(std::size_t capacity) {
  if (size_ > 0 || capacity_ <= capacity) return;
  data_.reset();
  capacity_ = 0;
}

// IMF-fixdate, RFC 9110 §5.6.7: Sun, 06 Nov 1994 08:49:37 GMT
void CommonFields::refresh(WallTime now) {
  const std::int64_t second = to_seconds(now);
  if (second == second_) return;
  second_ = second;
  static constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  text_ = fmt::format("date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\nx-content-type-options: nosniff\r\n",
                      days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                      time.hours().count(), time.minutes().count(), time.seconds().count());
}

bool append_response(WriteBuffer& out, const Response& response, std::string_view body, const ResponseFrame& frame,
                     const CommonFields& common) {
  const std::size_t before = out.size();
  const bool is_with_content = has_content(response.status);
  if (response.status < 200 || response.status > 599) return false;
  append_status_line(out, response.status);
  out.append(common.view());
  if (!append_fields(out, response, frame) || !is_safe(response.content_type)) {
    out.truncate(before);
    return false;
  }
  if (is_with_content && (!body.empty() || frame.is_head) && !response.content_type.empty()) {
    char* at = out.room(response.content_type.size() + 18);
    at = put(at, "content-type: ");
    at = put(at, response.content_type);
    out.commit(put(at, "\r\n"));
  }
  if (frame.varies_by_encoding) out.append("vary: accept-encoding\r\n");
  if (frame.is_gzipped) out.append("content-encoding: gzip\r\n");
  if (!frame.keeps_alive) out.append("connection: close\r\n");
  else if (frame.is_http_1_0) out.append("connection: keep-alive\r\n");
  if (is_with_content) append_length(out, response, body, frame);
  out.append("\r\n");
  if (is_with_content && !frame.is_head) out.append(body);
  return true;
}

}  // namespace gatehouse::http
