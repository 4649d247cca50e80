// What the role needs of Unicode: well-formedness, normal forms, and which code points a text has. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::identity {

[[nodiscard]] bool is_ascii(std::string_view text);

// Null when the text is not well-formed UTF-8 or has a code point that is not assigned.
[[nodiscard]] std::optional<std::string> to_nfc(std::string_view text);
// NFKC with full case folding, applied until nothing changes, so that folding twice is folding once.
// Invisible characters stay, for the caller to refuse.
[[nodiscard]] std::optional<std::string> to_folded(std::string_view text);
[[nodiscard]] std::optional<std::vector<std::int32_t>> to_code_points(std::string_view text);

// General categories of one code point.
[[nodiscard]] bool is_letter(std::int32_t code_point);
// Controls, format characters, private use, surrogates, line and paragraph separators: nothing a name shows.
[[nodiscard]] bool is_invisible(std::int32_t code_point);

}  // namespace gatehouse::identity
