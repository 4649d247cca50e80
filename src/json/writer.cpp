#include "json/writer.h"

#include <array>
#include <charconv>
#include <cstring>

namespace gatehouse::json {
namespace {

// What follows the backslash: 0 for nothing to escape, 'u' for \u00XX.
constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> escapes{};
  for (std::size_t c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['"'] = '"', escapes['\\'] = '\\';
  escapes['\b'] = 'b', escapes['\f'] = 'f', escapes['\n'] = 'n', escapes['\r'] = 'r', escapes['\t'] = 't';
  return escapes;
}();

// Whether any of eight octets is below 0x20, a quote or a backslash ("Bit Twiddling Hacks", Anderson: haszero,
// hasless). May say yes to a neighbour of such an octet, never no to one.
bool may_need_escape(std::uint64_t word) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL, highs = 0x8080808080808080ULL;
  const auto quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
  const auto low = (word - ones * 0x20) & ~word;
  return ((low | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & highs) != 0;
}

std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if (may_need_escape(word)) break;
  }
  while (at < text.size() && kEscapes[static_cast<std::uint8_t>(text[at])] == 0) ++at;
  return at;
}

void append_escaped(std::string& out, std::string_view text) {
  for (;;) {
    const auto plain = plain_prefix(text);
    out.append(text, 0, plain);
    if (plain == text.size()) return;
    const auto octet = static_cast<std::uint8_t>(text[plain]);
    out.push_back('\\');
    out.push_back(kEscapes[octet]);
    if (kEscapes[octet] == 'u') {
      constexpr std::string_view digits = "0123456789abcdef";
      const char hex[] = {'0', '0', digits[octet >> 4], digits[octet & 15]};
      out.append(hex, sizeof hex);
    }
    text.remove_prefix(plain + 1);
  }
}

}  // namespace

void Writer::separate() {
  if (needs_comma_) out_.push_back(',');
  needs_comma_ = true;
}

Writer& Writer::begin_object() {
  separate();
  out_.push_back('{');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_.push_back('}');
  needs_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  out_.push_back('[');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_.push_back(']');
  needs_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  string(name);
  out_.push_back(':');
  needs_comma_ = false;
  return *this;
}

Writer& Writer::string(std::string_view value) {
  separate();
  out_.push_back('"');
  append_escaped(out_, value);
  out_.push_back('"');
  return *this;
}

Writer& Writer::number(std::int64_t value) {
  separate();
  char digits[20];  // of -9223372036854775808
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, written.ptr);
  return *this;
}

Writer& Writer::boolean(bool value) { return raw(value ? "true" : "false"); }

Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace gatehouse::json
