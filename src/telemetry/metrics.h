// Metrics: a registry of Prometheus counters, gauges and histograms. Resolve a handle once while wiring
// and keep the reference; handles live as long as the Metrics. Any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prometheus {
class Registry;
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace gatehouse::telemetry {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;
  Metrics();
  ~Metrics();

  prometheus::Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  // Buckets are upper bounds in seconds; empty: 0.5 ms … 10 s.
  prometheus::Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                                   std::vector<double> buckets = {});
  // Text exposition format 0.0.4, what GET /metrics answers.
  [[nodiscard]] std::string expose() const;

 private:
  std::shared_ptr<prometheus::Registry> registry_;
};

}  // namespace gatehouse::telemetry
