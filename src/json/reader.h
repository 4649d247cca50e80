// Strict JSON in: RFC 8259, UTF-8 only, no duplicate member at any level, bounded depth, members and size.
// Built on Boost.JSON's incremental parser. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "base/error.h"
#include "base/limits.h"

namespace gatehouse::json {

struct ReadLimits {
  std::size_t bytes_max = limits::body_bytes_max;
  std::size_t depth_max = limits::json_depth_max;
  std::size_t members_max = limits::json_members_max;  // of all objects and arrays together
};

// One object and nothing after it but white space.
// INVALID_ARGUMENT malformed_json | duplicate_member | json_too_deep | json_too_large.
[[nodiscard]] Result<boost::json::object> read_object(std::string_view text, const ReadLimits& limits = {});

}  // namespace gatehouse::json
