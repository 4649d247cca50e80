// A UUID as clients write it: either case (RFC 9562 §4), one canonical text. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/id.h"

namespace gatehouse::gateway {

using IdText = InlineString<36>;

[[nodiscard]] inline std::optional<IdText> canonical_id(std::string_view text) {
  std::array<char, 36> lower{};
  if (text.size() != lower.size()) return std::nullopt;
  std::ranges::transform(text, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  const std::string_view canonical(lower.data(), lower.size());
  if (!Uuid::parse(canonical)) return std::nullopt;
  return IdText(canonical);
}

}  // namespace gatehouse::gateway
