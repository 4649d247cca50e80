#include "http/server_stats.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <string>
#include <utility>

namespace gatehouse::http {

ServerStats::ServerStats(telemetry::Metrics& metrics) {
  for (std::size_t i = 0; i < responses_.size(); ++i)
    response_counters_[i] = &metrics.counter("gatehouse_http_requests_total", "HTTP responses sent, by status class.",
                                             {{"status", std::to_string(i + 1) + "xx"}});
  std::vector<double> bounds_s;
  for (const auto bound_us : bucket_bounds_us) bounds_s.push_back(static_cast<double>(bound_us) / 1e6);
  duration_histogram_ = &metrics.histogram("gatehouse_http_request_duration_seconds",
                                           "From the whole request to its response, without the network.", {},
                                           std::move(bounds_s));
  connections_gauge_ = &metrics.gauge("gatehouse_http_connections", "Open client connections.");
  timeouts_counter_ = &metrics.counter("gatehouse_http_timeouts_total", "Connections cut because the client was too slow.");
  turned_away_counter_ =
      &metrics.counter("gatehouse_http_connections_refused_total", "Connections turned away, or closed to make room, at a limit.");
  abandoned_counter_ = &metrics.counter("gatehouse_http_requests_abandoned_total",
                                        "Requests ended because their client had reset the connection.");
  increments_.resize(durations_.size());
}

void ServerStats::count_duration(std::chrono::nanoseconds took) {
  duration_sum_ns_ += took.count();
  std::size_t bucket = 0;
  while (bucket < bucket_bounds_us.size() && took.count() > bucket_bounds_us[bucket] * 1000) ++bucket;
  ++durations_[bucket];
}

void ServerStats::fold(std::size_t connections) {
  const auto take = [](std::uint64_t& count) { return static_cast<double>(std::exchange(count, 0)); };
  for (std::size_t i = 0; i < responses_.size(); ++i)
    if (responses_[i] > 0) response_counters_[i]->Increment(take(responses_[i]));
  const bool has_durations = std::ranges::any_of(durations_, [](std::uint64_t count) { return count > 0; });
  if (has_durations) {
    std::ranges::transform(durations_, increments_.begin(), take);
    const double sum_s = static_cast<double>(std::exchange(duration_sum_ns_, 0)) / 1e9;
    duration_histogram_->ObserveMultiple(increments_, sum_s);
  }
  if (timeouts_ > 0) timeouts_counter_->Increment(take(timeouts_));
  if (turned_away_ > 0) turned_away_counter_->Increment(take(turned_away_));
  if (abandoned_ > 0) abandoned_counter_->Increment(take(abandoned_));
  if (connections != connections_)  // several servers share the gauge: each adds its difference
    connections_gauge_->Increment(static_cast<double>(connections) - static_cast<double>(connections_));
  connections_ = connections;
}

}  // namespace gatehouse::http
