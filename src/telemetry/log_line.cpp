#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <cstddef>

#include "base/utf8.h"

namespace gatehouse::log {
namespace {

bool acts_on_a_terminal(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_escaped(std::string& out, std::string_view text) {
  const bool is_cut = text.size() > value_bytes_max;
  if (is_cut) text = text.substr(0, value_bytes_max);
  while (!text.empty()) {
    const auto [value, bytes] = decode_utf8(text);
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
