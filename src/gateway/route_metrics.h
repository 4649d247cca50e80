// RouteMetrics: how often each route was called, with what outcome, and how long it took. Handles are resolved while
// wiring; a request adds to two of them. One shard's thread, handles shared.
#pragma once

#include <array>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "telemetry/metrics.h"

namespace gatehouse::gateway {

struct Route;

class RouteMetrics {
 public:
  RouteMetrics(const std::string& listener, std::span<const Route> routes, telemetry::Metrics& metrics);
  // `route` is null when no route was found.
  void observe(const Route* route, int status, SteadyTime::duration took);

 private:
  struct Handles {
    std::array<prometheus::Counter*, 6> by_class{};  // index: status / 100
    prometheus::Histogram* seconds = nullptr;
  };
  [[nodiscard]] static Handles make(const std::string& listener, const std::string& method, const std::string& path,
                                    telemetry::Metrics& metrics);
  const Route* first_;
  std::vector<Handles> by_route_;
  Handles unmatched_;
};

}  // namespace gatehouse::gateway
