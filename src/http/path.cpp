#include "http/path.h"

#include <array>
#include <cstdint>

namespace gatehouse::http {
namespace {

enum class PathChar : std::uint8_t { refused, plain, dot, slash, percent };

constexpr auto make_path_chars() {
  std::array<PathChar, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = PathChar::plain;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = PathChar::plain;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = PathChar::plain;
  for (const char c : std::string_view("-_~!$&'()*+,=:@")) table[static_cast<unsigned char>(c)] = PathChar::plain;
  table['.'] = PathChar::dot;
  table['/'] = PathChar::slash;
  table['%'] = PathChar::percent;
  return table;
}
constexpr auto path_chars = make_path_chars();

constexpr auto make_hex_values() {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 10; ++i) table[static_cast<std::size_t>('0' + i)] = static_cast<std::int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    table[static_cast<std::size_t>('a' + i)] = static_cast<std::int8_t>(10 + i);
    table[static_cast<std::size_t>('A' + i)] = static_cast<std::int8_t>(10 + i);
  }
  return table;
}
constexpr auto hex_values = make_hex_values();

// The octet written as two hex digits, -1 when they are not.
int decode_hex(const char* digits) {
  const int high = hex_values[static_cast<unsigned char>(digits[0])];
  const int low = hex_values[static_cast<unsigned char>(digits[1])];
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

// RFC 3629 §4, one octet at a time: overlong forms, surrogates and what lies beyond U+10FFFF are refused.
class Utf8Check {
 public:
  [[nodiscard]] bool accept(unsigned octet) {
    if (left_ == 0) return begin(octet);
    if (octet < low_ || octet > high_) return false;
    low_ = 0x80, high_ = 0xbf;
    --left_;
    return true;
  }
  [[nodiscard]] bool is_whole() const { return left_ == 0; }

 private:
  bool begin(unsigned octet) {
    low_ = 0x80, high_ = 0xbf;
    if (octet >= 0xc2 && octet <= 0xdf) left_ = 1;
    else if (octet >= 0xe0 && octet <= 0xef) left_ = 2;
    else if (octet >= 0xf0 && octet <= 0xf4) left_ = 3;
    else return false;
    if (octet == 0xe0) low_ = 0xa0;
    if (octet == 0xed) high_ = 0x9f;
    if (octet == 0xf0) low_ = 0x90;
    if (octet == 0xf4) high_ = 0x8f;
    return true;
  }
  int left_ = 0;
  unsigned low_ = 0, high_ = 0;
};

// The segment that has just ended is [segment, end). Empty when it is fit.
std::string_view check_segment(const char* segment, const char* end) {
  const std::string_view text(segment, static_cast<std::size_t>(end - segment));
  if (text.empty()) return "path_empty_segment";
  if (text == "." || text == "..") return "path_dot_segment";
  if (text.back() == '.' || text.ends_with("%20")) return "path_segment_end";
  return {};
}

// Reads the escape at `from`, writes its canonical form at `to`.
std::string_view rewrite_escape(const char* from, char*& to, Utf8Check& utf8) {
  static constexpr char digits[] = "0123456789ABCDEF";
  const int octet = decode_hex(from + 1);
  if (octet < 0) return "path_escape";
  if (octet < 0x20 || octet == 0x7f) return "path_control_character";
  if (octet == '/' || octet == '\\' || octet == ';') return "path_encoded_separator";
  if (octet == '%') return "path_double_encoding";
  if (octet >= 0x80) {
    if (!utf8.accept(static_cast<unsigned>(octet))) return "path_not_utf8";
  } else if (!utf8.is_whole()) {
    return "path_not_utf8";
  }
  const auto c = static_cast<char>(octet);
  const bool is_unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                             c == '.' || c == '_' || c == '~';
  if (octet < 0x80 && is_unreserved) {
    *to++ = c;
    return {};
  }
  *to++ = '%';
  *to++ = digits[octet >> 4];
  *to++ = digits[octet & 15];
  return {};
}

}  // namespace

std::expected<std::size_t, std::string_view> canonicalise_path(char* path, std::size_t size) {
  if (size == 0 || path[0] != '/') return std::unexpected("path_not_absolute");
  const char* from = path + 1;
  const char* const end = path + size;
  char* to = path + 1;
  char* segment = to;
  Utf8Check utf8;
  while (from != end) {
    const auto kind = path_chars[static_cast<unsigned char>(*from)];
    if (kind == PathChar::refused) return std::unexpected("path_character");
    if (kind == PathChar::percent) {
      if (end - from < 3) return std::unexpected("path_escape");
      if (const auto why = rewrite_escape(from, to, utf8); !why.empty()) return std::unexpected(why);
      from += 3;
      continue;
    }
    if (!utf8.is_whole()) return std::unexpected("path_not_utf8");
    if (kind == PathChar::slash) {
      if (const auto why = check_segment(segment, to); !why.empty()) return std::unexpected(why);
      segment = to + 1;
    }
    *to++ = *from++;
  }
  if (!utf8.is_whole()) return std::unexpected("path_not_utf8");
  if (segment != to)
    if (const auto why = check_segment(segment, to); !why.empty()) return std::unexpected(why);
  return static_cast<std::size_t>(to - path);
}

bool is_valid_query(std::string_view query) {
  for (std::size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    if (c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '#') return false;
    if (c == '%' && (query.size() - i < 3 || decode_hex(query.data() + i + 1) < 0)) return false;
  }
  return true;
}

}  // namespace gatehouse::http
