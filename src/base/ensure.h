// ensure(): what only a bug can make false. Logs the place to stderr and aborts; never compiled out.
#pragma once

#include <source_location>
#include <string_view>

namespace gatehouse {

[[noreturn]] void ensure_failed(std::string_view what, std::source_location where);

inline void ensure(bool holds, std::string_view what,
                   std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    ensure_failed(what, where);
}

}  // namespace gatehouse
