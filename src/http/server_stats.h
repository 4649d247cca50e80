// ServerStats: what a server counts. Plain numbers on the hot path, added to the shared metrics four times a second
// by the sweep, so that a request costs no lock and no atomic. One shard.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include "telemetry/metrics.h"

namespace gatehouse::http {

class ServerStats {
 public:
  explicit ServerStats(telemetry::Metrics& metrics);

  void count_response(int status) { ++responses_[class_of(status)]; }
  void count_duration(std::chrono::nanoseconds took);
  void count_timeout() { ++timeouts_; }
  void count_turned_away() { ++turned_away_; }
  void count_abandoned() { ++abandoned_; }
  // Adds what has been counted since the last call to the metrics; `connections` are open now.
  void fold(std::size_t connections);

 private:
  static constexpr std::array<std::int64_t, 13> bucket_bounds_us{500,    1'000,   2'500,   5'000,   10'000,    25'000,   50'000,
                                                                 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};
  static std::size_t class_of(int status) { return status >= 100 && status < 600 ? static_cast<std::size_t>(status / 100 - 1) : 4; }

  std::array<std::uint64_t, 5> responses_{};  // 1xx … 5xx
  std::array<std::uint64_t, bucket_bounds_us.size() + 1> durations_{};
  std::int64_t duration_sum_ns_ = 0;
  std::uint64_t timeouts_ = 0;
  std::uint64_t turned_away_ = 0;
  std::uint64_t abandoned_ = 0;
  std::size_t connections_ = 0;

  std::array<prometheus::Counter*, 5> response_counters_{};
  prometheus::Histogram* duration_histogram_;
  prometheus::Gauge* connections_gauge_;
  prometheus::Counter* timeouts_counter_;
  prometheus::Counter* turned_away_counter_;
  prometheus::Counter* abandoned_counter_;
  std::vector<double> increments_;
};

}  // namespace gatehouse::http
