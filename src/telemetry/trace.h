// W3C Trace Context: the `traceparent` header, parsed strictly and made. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"

namespace gatehouse::telemetry {

struct TraceParent {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool is_sampled = false;

  [[nodiscard]] std::string str() const;  // version 00, 55 characters
  bool operator==(const TraceParent&) const = default;
};

// Nothing when the header breaks the grammar: another length, upper case, version ff, an id of zeros. Versions
// above 00 are read as 00 as far as they agree (W3C Trace Context §4.3).
[[nodiscard]] std::optional<TraceParent> parse_trace_parent(std::string_view text);

// A new trace.
[[nodiscard]] TraceParent start_trace(bool is_sampled, Random& random);
// A span inside the same trace.
[[nodiscard]] TraceParent child_of(const TraceParent& parent, Random& random);

}  // namespace gatehouse::telemetry
