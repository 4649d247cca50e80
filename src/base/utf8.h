// Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace gatehouse {

struct CodePoint {
  char32_t value;
  std::size_t bytes;  // 0: not UTF-8
};

// The first code point of a text that is not empty.
[[nodiscard]] CodePoint decode_utf8(std::string_view text);
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace gatehouse
