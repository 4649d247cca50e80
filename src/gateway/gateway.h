// Gateway: the front door of one listener on one shard. handle() is the life of a request, in the order it happens.
// One shard's thread.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "gateway/arrival.h"
#include "gateway/authenticator.h"
#include "gateway/calls.h"
#include "gateway/cors.h"
#include "gateway/route_metrics.h"
#include "gateway/routes.h"
#include "gateway/service_keys.h"
#include "http/server.h"

namespace gatehouse::gateway {

// References outlive the gateway.
struct GatewayParts {
  std::string listener;          // "public", for metrics
  std::span<const Route> routes;
  Authenticator* authenticator;  // null on a listener none of whose routes takes an access token
  Permissions& permissions;
  RateLimits& limits;
  ServiceKeys service_keys;
  TrustedProxies trusted_proxies;
  std::vector<std::string> cors_origins;
  Milliseconds request_timeout;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

class Gateway final : public http::Handler {
 public:
  Gateway(GatewayParts parts, CallParts calls);

  Async<http::Response> handle(const http::Request& request) override;
  http::Response refuse(const http::Refusal& why, const http::Request* request) override;
  std::size_t body_bytes_max(const http::Request& request) override;
  InlineString<46> source_of(std::string_view peer) override { return arrivals_.connection_source_of(peer); }

 private:
  // The steps, in order; each one that fails is the answer.
  Task<http::Response> answer(Exchange& exchange);
  [[nodiscard]] Done match(Exchange& exchange) const;
  [[nodiscard]] Done admit(Exchange& exchange);
  Task<void> authenticate(Exchange& exchange);
  [[nodiscard]] Verdict authorize(const Exchange& exchange) const;

  [[nodiscard]] Result<http::Response> answer_options(const http::Request& request) const;
  void finish(const Exchange& exchange, http::Response& response);

  const RouteTable routes_;
  Authenticator* const authenticator_;
  Permissions& permissions_;
  RateLimits& limits_;
  const ServiceKeys service_keys_;
  const Cors cors_;
  const Clock& clock_;
  Arrivals arrivals_;
  RouteMetrics metrics_;
  Calls calls_;
};

}  // namespace gatehouse::gateway
