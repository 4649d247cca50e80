#include "telemetry/health.h"

#include <algorithm>

#include "telemetry/log.h"

namespace gatehouse::telemetry {

Async<Health::Report> Health::ask(Call call) const {
  Report report{.is_ready = !is_draining_.load()};
  for (const auto& [name, check] : checks_) {
    auto asked = check(call);
    const Result<void> answered = co_await std::move(asked);
    if (!answered) log::failure("a readiness check failed", call, answered.error());
    report.is_ready = report.is_ready && answered.has_value();
    const auto same = std::ranges::find(report.checks, name, &Answer::name);
    if (same != report.checks.end())
      same->is_ready = same->is_ready && answered.has_value();
    else
      report.checks.push_back({name, answered.has_value()});
  }
  co_return report;
}

}  // namespace gatehouse::telemetry
