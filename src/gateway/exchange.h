// Exchange: one request on its way through the gateway, and what has been found out about it so far.
// Lives in the frame of Gateway::handle, which outlives every task that gets a copy of it.
#pragma once

#include <string_view>

#include "gateway/id_text.h"
#include "http/message.h"
#include "resilience/rate_limit.h"
#include "runtime/call.h"

namespace gatehouse::gateway {

struct Route;

// When the request was whole, on both clocks.
struct Instant {
  WallTime wall{};
  SteadyTime steady{};
};

struct Exchange {
  const http::Request* request = nullptr;
  const Route* route = nullptr;  // set once matched
  std::string_view path_id;      // the UUID in the path, canonical; empty when the route has none
  IdText path_id_text;           // what it points to in the first of all copies
  Call call;
  Instant arrived;
  Admission admission;           // limit > 0: this route is rate limited, and this is how much is left

  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const {
    return request->header(lower_case_name);
  }
};

}  // namespace gatehouse::gateway
