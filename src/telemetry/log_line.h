// One log line as text: a JSON object with no control character in it, whatever was put in. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "telemetry/log.h"

namespace gatehouse::log {

inline constexpr std::size_t value_bytes_max = 4096;  // longer text is cut: a caller must not be able to fill the disk

// {"ts":…,"level":…,"message":…,<fields>} without the line end. Invalid UTF-8 becomes U+FFFD; control characters
// (C0, DEL, C1), line separators and bidirectional overrides are escaped, so that no terminal acts on a line.
[[nodiscard]] std::string format_line(WallTime now, Level level, std::string_view message, std::span<const Field> fields);

[[nodiscard]] std::string_view name_of(Level level);

}  // namespace gatehouse::log
