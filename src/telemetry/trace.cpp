#include "telemetry/trace.h"

#include <algorithm>
#include <span>

#include "base/bytes.h"

namespace gatehouse::telemetry {
namespace {

constexpr std::size_t text_bytes = 55;  // 00-<32 hex>-<16 hex>-<2 hex>

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool parse_hex(std::string_view text, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

bool is_zero(std::span<const std::uint8_t> id) {
  return std::ranges::all_of(id, [](std::uint8_t byte) { return byte == 0; });
}

template <std::size_t N>
void fill_id(std::array<std::uint8_t, N>& id, Random& random) {
  do random.fill(id);
  while (is_zero(id));
}

}  // namespace

std::string TraceParent::str() const {
  return "00-" + to_hex(as_view(trace_id)) + "-" + to_hex(as_view(span_id)) + (is_sampled ? "-01" : "-00");
}

std::optional<TraceParent> parse_trace_parent(std::string_view text) {
  if (text.size() < text_bytes || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::array<std::uint8_t, 1> version{}, flags{};
  TraceParent parent;
  if (!parse_hex(text, version) || !parse_hex(text.substr(3), parent.trace_id) ||
      !parse_hex(text.substr(36), parent.span_id) || !parse_hex(text.substr(53), flags))
    return std::nullopt;
  if (version[0] == 0xFF || (version[0] == 0 && text.size() != text_bytes)) return std::nullopt;
  if (text.size() > text_bytes && text[text_bytes] != '-') return std::nullopt;
  if (is_zero(parent.trace_id) || is_zero(parent.span_id)) return std::nullopt;
  parent.is_sampled = (flags[0] & 1) != 0;
  return parent;
}

TraceParent start_trace(bool is_sampled, Random& random) {
  TraceParent parent{.is_sampled = is_sampled};
  fill_id(parent.trace_id, random);
  fill_id(parent.span_id, random);
  return parent;
}

TraceParent child_of(const TraceParent& parent, Random& random) {
  TraceParent child = parent;
  fill_id(child.span_id, random);
  return child;
}

}  // namespace gatehouse::telemetry
