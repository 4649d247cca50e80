// Health and metrics, on the admin listener.
#include <algorithm>
#include <array>

#include "gateway/calls.h"
#include "gateway/render.h"
#include "telemetry/process_metrics.h"

namespace gatehouse::gateway {
namespace {

constexpr Milliseconds readiness_max{2'000};  // whoever asks is about to ask again, and gives up soon

}  // namespace

Task<http::Response> Calls::get_liveness(Exchange) {
  auto response = json_response(200);
  json::Writer json(response.body);
  json.begin_object().field("status", "ok").field("timestamp", to_rfc3339(parts_.clock.wall())).end_object();
  co_return response;
}

Task<http::Response> Calls::get_readiness(Exchange exchange) {
  const auto call = exchange.call.before(parts_.clock.steady() + readiness_max);
  const auto report = co_await parts_.health.ask(call);
  auto response = json_response(report.is_ready ? 200 : 503);
  json::Writer json(response.body);
  json.begin_object().field("ready", report.is_ready).key("checks").begin_object();
  for (const std::string_view name : {"database", "redis", "kafka"}) {  // always named, so that a dashboard finds them
    const auto answer = std::ranges::find(report.checks, name, &telemetry::Health::Answer::name);
    if (answer == report.checks.end())
      json.field(name, "not_configured");
    else
      json.field(name, answer->is_ready ? "ok" : "failing");
  }
  json.end_object().end_object();
  co_return response;
}

Task<http::Response> Calls::get_metrics(Exchange) {
  http::Response response;
  response.status = 200;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = parts_.metrics.expose() + telemetry::process_metrics();
  co_return response;
}

}  // namespace gatehouse::gateway
