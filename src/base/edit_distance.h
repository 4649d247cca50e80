// How many letters one must insert, drop or change to turn one word into another (Levenshtein 1966): what "did you
// mean" is measured in. Time and memory grow with the product of the lengths: for names, not for texts. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace gatehouse {

[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace gatehouse
