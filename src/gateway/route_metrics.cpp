#include "gateway/route_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>

#include "gateway/routes.h"

namespace gatehouse::gateway {

RouteMetrics::Handles RouteMetrics::make(const std::string& listener, const std::string& method,
                                         const std::string& path, telemetry::Metrics& metrics) {
  Handles handles;
  telemetry::Metrics::Labels labels{{"listener", listener}, {"method", method}, {"route", path}};
  handles.seconds = &metrics.histogram("gatehouse_gateway_request_seconds",
                                       "Time from a whole request to its answer, by route.", labels);
  for (std::size_t i = 1; i < handles.by_class.size(); ++i) {
    labels["status"] = std::to_string(i) + "xx";
    handles.by_class[i] =
        &metrics.counter("gatehouse_gateway_requests_total", "Requests by route and class of status.", labels);
  }
  return handles;
}

RouteMetrics::RouteMetrics(const std::string& listener, std::span<const Route> routes, telemetry::Metrics& metrics)
    : first_(routes.data()), unmatched_(make(listener, "other", "none", metrics)) {
  by_route_.reserve(routes.size());
  for (const auto& route : routes)
    by_route_.push_back(make(listener, std::string(http::name_of(route.method)), std::string(route.path), metrics));
}

void RouteMetrics::observe(const Route* route, int status, SteadyTime::duration took) {
  auto& handles = route ? by_route_[static_cast<std::size_t>(route - first_)] : unmatched_;
  handles.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))]->Increment();
  handles.seconds->Observe(std::chrono::duration<double>(took).count());
}

}  // namespace gatehouse::gateway
