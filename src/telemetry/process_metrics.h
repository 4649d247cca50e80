// What the kernel says of this process, under the names that Prometheus' own client libraries use. Any thread.
#pragma once

#include <string>

namespace gatehouse::telemetry {

// Text exposition format 0.0.4; empty where there is no /proc.
[[nodiscard]] std::string process_metrics();

}  // namespace gatehouse::telemetry
