#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <cstddef>

namespace gatehouse::log {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;  // 0: not UTF-8
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.
CodePoint decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {0xFFFD, 0};
  char32_t value = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[i])) return {0xFFFD, 0};
    value = (value << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {0xFFFD, 0};
  return {value, bytes};
}

bool acts_on_a_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_escaped(std::string& out, std::string_view text) {
  const bool is_cut = text.size() > value_bytes_max;
  if (is_cut) text = text.substr(0, value_bytes_max);
  while (!text.empty()) {
    const auto [value, bytes] = decode(text);
    if (bytes == 0) {
      out += "\xEF\xBF\xBD";
      text.remove_prefix(1);
      continue;
    }
    if (value == '"' || value == '\\') {
      out += '\\';
      out += static_cast<char>(value);
    } else if (acts_on_a_terminal(value)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(value));
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  if (is_cut) out += "…";
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

struct ValueWriter {
  std::string& out;
  void operator()(std::string_view value) const { append_string(out, value); }
  void operator()(std::int64_t value) const { out += fmt::format_int(value).c_str(); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
};

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warn: return "warn";
    case Level::error: return "error";
    case Level::off: return "off";
  }
  return "off";
}

std::string format_line(WallTime now, Level level, std::string_view message, std::span<const Field> fields) {
  std::string out;
  out.reserve(128 + message.size() + fields.size() * 48);
  out += R"({"ts":")";
  out += to_rfc3339(now);
  out += R"(","level":")";
  out += name_of(level);
  out += R"(","message":)";
  append_string(out, message);
  for (const auto& field : fields) {
    out += ',';
    append_string(out, field.name);
    out += ':';
    std::visit(ValueWriter{out}, field.value);
  }
  out += '}';
  return out;
}

}  // namespace gatehouse::log
