// The log: one JSON object per line on stderr, fields from an allow-list of types, escaped (a line is
// always valid JSON with no control characters). Any thread. Never pass a secret, a token, a code or a
// person's address: ids are for that. spdlog writes behind it.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "runtime/call.h"

namespace gatehouse::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

struct Field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, bool> value;
};

// Sets the least level written. Call before the first thread starts; the default is info.
void set_level(Level level);
[[nodiscard]] bool is_enabled(Level level);

void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::debug, message, fields); }
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::info, message, fields); }
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::warn, message, fields); }
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::error, message, fields); }

// An Error with its private detail, under the call's correlation id.
void failure(std::string_view message, const Call& call, const Error& why);

void flush();

// Sends the lines somewhere else than stderr; an empty function puts stderr back. While no other thread logs.
void set_sink(std::function<void(std::string_view line)> take);

}  // namespace gatehouse::log
