#include "identity/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace gatehouse::identity {
namespace {

struct Free {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

std::optional<std::string> map(std::string_view text, int options) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  utf8proc_uint8_t* out = nullptr;
  const auto size = utf8proc_map(bytes, static_cast<utf8proc_ssize_t>(text.size()), &out,
                                 static_cast<utf8proc_option_t>(options | UTF8PROC_STABLE | UTF8PROC_REJECTNA));
  const std::unique_ptr<utf8proc_uint8_t, Free> owner(out);
  if (size < 0) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::optional<std::string> to_nfc(std::string_view text) { return map(text, UTF8PROC_COMPOSE); }

std::optional<std::string> to_folded(std::string_view text) {
  constexpr int fold = UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD;
  auto folded = map(text, fold);
  for (int round = 0; folded && round < 4; ++round) {  // two suffice for every assigned character
    auto again = map(*folded, fold);
    if (again == folded) return folded;
    folded = std::move(again);
  }
  return std::nullopt;
}

std::optional<std::vector<std::int32_t>> to_code_points(std::string_view text) {
  std::vector<std::int32_t> code_points;
  code_points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
    if (read <= 0) return std::nullopt;
    code_points.push_back(code_point);
    at += static_cast<std::size_t>(read);
  }
  return code_points;
}

bool is_letter(std::int32_t code_point) {
  const auto category = utf8proc_category(code_point);
  return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool is_invisible(std::int32_t code_point) {
  constexpr std::int32_t zero_width_non_joiner = 0x200c, zero_width_joiner = 0x200d;  // Persian, emoji
  if (code_point == zero_width_joiner || code_point == zero_width_non_joiner) return false;
  switch (utf8proc_category(code_point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return true;
    default: return false;
  }
}

}  // namespace gatehouse::identity
