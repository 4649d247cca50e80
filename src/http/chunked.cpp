#include "http/chunked.h"

#include <algorithm>

#include "base/limits.h"
#include "http/field_rules.h"

namespace gatehouse::http {
namespace {

constexpr unsigned size_digits_max = 15;  // 60 bits: no size can overflow, and none is that large anyway

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_text(char c) {
  const auto octet = static_cast<unsigned char>(c);
  return (octet >= 0x20 || octet == '\t') && octet != 0x7f;
}

}  // namespace

ChunkedDecoder::Progress ChunkedDecoder::feed(std::string_view raw, std::string& body, std::size_t& consumed) {
  std::size_t at = 0;
  while (at < raw.size() && state_ < State::complete) {
    if (state_ == State::data) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, raw.size() - at));
      body.append(raw, at, take);
      at += take;
      chunk_left_ -= take;
      if (chunk_left_ == 0) state_ = State::data_cr;
      continue;
    }
    state_ = step(raw[at], body.size());
    ++at;
  }
  consumed = at;
  switch (state_) {
    case State::complete: return Progress::complete;
    case State::refused: return Progress::refused;
    case State::too_large: return Progress::too_large;
    default: return Progress::incomplete;
  }
}

ChunkedDecoder::State ChunkedDecoder::step(char c, std::size_t body_size) {
  switch (state_) {
    case State::size_first:
      size_digits_ = 0;
      chunk_left_ = 0;
      return hex_value(c) < 0 ? State::refused : take_size(c);
    case State::size: return take_size(c);
    case State::extension: return take_extension(c);
    case State::size_lf: return end_size_line(c, body_size);
    case State::data_cr: return c == '\r' ? State::data_lf : State::refused;
    case State::data_lf: return c == '\n' ? State::size_first : State::refused;
    default: return take_trailer(c);
  }
}

ChunkedDecoder::State ChunkedDecoder::take_size(char c) {
  if (c == '\r') return State::size_lf;
  if (c == ';') return take_extension(c);
  const int digit = hex_value(c);
  if (digit < 0 || ++size_digits_ > size_digits_max) return State::refused;
  chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(digit);
  return State::size;
}

ChunkedDecoder::State ChunkedDecoder::take_extension(char c) {
  if (c == '\r') return State::size_lf;
  if (!is_text(c) || ++extension_bytes_ > limits::chunk_extension_bytes_max) return State::refused;
  return State::extension;
}

ChunkedDecoder::State ChunkedDecoder::end_size_line(char c, std::size_t body_size) {
  if (c != '\n') return State::refused;
  if (chunk_left_ == 0) return State::trailer_first;
  return chunk_left_ > body_bytes_max_ - std::min(body_size, body_bytes_max_) ? State::too_large : State::data;
}

ChunkedDecoder::State ChunkedDecoder::take_trailer(char c) {
  if (++trailer_bytes_ > limits::trailer_section_bytes_max) return State::refused;
  switch (state_) {
    case State::trailer_first:
      if (c == '\r') return State::last_lf;
      return lower_token_char(c) != 0 ? State::trailer_name : State::refused;
    case State::trailer_name:
      if (c == ':') return State::trailer_value;
      return lower_token_char(c) != 0 ? State::trailer_name : State::refused;
    case State::trailer_value:
      if (c == '\r') return State::trailer_lf;
      return is_text(c) ? State::trailer_value : State::refused;
    case State::trailer_lf: return c == '\n' ? State::trailer_first : State::refused;
    case State::last_lf: return c == '\n' ? State::complete : State::refused;
    default: return State::refused;
  }
}

}  // namespace gatehouse::http
