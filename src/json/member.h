// Members of an object that was read, for callers to whom an absent one and one of another type are the same. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::json {

// Empty when it is not there, or no string.
[[nodiscard]] inline std::string text_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// 0 when it is not there, or no integer.
[[nodiscard]] inline std::int64_t integer_of(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace gatehouse::json
