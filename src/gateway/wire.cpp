#include "gateway/wire.h"

#include <algorithm>

#include "gateway/gateway.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::gateway {
namespace {

constexpr Milliseconds sweep_every{10'000};

// A gateway with what only it needs. Members end in reverse order: the gateway before what it looks at.
class OwningGateway final : public http::Handler {
 public:
  OwningGateway(Shard& shard, const Parts& parts, std::string listener, std::span<const Route> routes,
                TrustedProxies proxies)
      : permissions_(parts.identity, parts.account, parts.clock) {
    const bool takes_tokens = std::ranges::any_of(routes, [](const Route& row) { return row.policy.needs_token(); });
    permissions_.subscribe(shard, parts.permission_changes);
    if (takes_tokens) {
      authenticator_ = std::make_unique<Authenticator>(
          shard, parts.auth, crypto::AccessExpectations{parts.issuer, parts.config.token.audience, limits::clock_skew_s},
          parts.clock);
      authenticator_->subscribe(shard, parts.revocations, parts.key_changes);
    }
    gateway_ = std::make_unique<Gateway>(gateway_parts(parts, std::move(listener), routes, std::move(proxies)),
                                         call_parts(parts));
  }

  Async<http::Response> handle(const http::Request& request) override { return gateway_->handle(request); }
  http::Response refuse(const http::Refusal& why, const http::Request* request) override { return gateway_->refuse(why, request); }
  std::size_t body_bytes_max(const http::Request& request) override { return gateway_->body_bytes_max(request); }
  InlineString<46> source_of(std::string_view peer) override { return gateway_->source_of(peer); }

 private:
  GatewayParts gateway_parts(const Parts& parts, std::string listener, std::span<const Route> routes,
                             TrustedProxies proxies) {
    const bool is_public = listener == "public";
    return {.listener = std::move(listener),
            .routes = routes,
            .authenticator = authenticator_.get(),
            .permissions = permissions_,
            .limits = parts.limits,
            .service_keys = ServiceKeys(parts.service_keys),
            .trusted_proxies = std::move(proxies),
            .cors_origins = is_public ? parts.config.server.cors_origins : std::vector<std::string>(),
            .request_timeout = Milliseconds{parts.config.server.request_timeout_ms},
            .clock = parts.clock,
            .random = parts.random,
            .metrics = parts.metrics};
  }
  CallParts call_parts(const Parts& parts) {
    return {.identity = parts.identity,
            .credential = parts.credential,
            .auth = parts.auth,
            .permissions = permissions_,
            .account = parts.account,
            .limits = parts.limits,
            .health = parts.health,
            .clock = parts.clock,
            .random = parts.random,
            .metrics = parts.metrics,
            .issuer = parts.issuer};
  }

  Permissions permissions_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Gateway> gateway_;
};

Result<std::unique_ptr<http::Handler>> make(Shard& shard, const Parts& parts, std::string listener,
                                            std::span<const Route> routes) {
  auto proxies = TrustedProxies::parse(parts.config.server.trusted_proxies);
  if (!proxies) return pass(proxies);
  return std::make_unique<OwningGateway>(shard, parts, std::move(listener), routes, std::move(*proxies));
}

}  // namespace

Result<std::unique_ptr<http::Handler>> make_public_gateway(Shard& shard, const Parts& parts) {
  return make(shard, parts, "public", public_routes());
}

Result<std::unique_ptr<http::Handler>> make_internal_gateway(Shard& shard, const Parts& parts) {
  return make(shard, parts, "internal", internal_routes());
}

Result<std::unique_ptr<http::Handler>> make_admin_gateway(Shard& shard, const Parts& parts) {
  return make(shard, parts, "admin", admin_routes());
}

Async<void> sweep_registrations(identity::Api& identity, credential::Api& credential, const Clock& clock) {
  for (;;) {
    const auto swept = co_await sweep_registrations_once(identity, credential, clock.wall());
    if (!swept) log::failure("half-made registrations could not be swept", Call{}, swept.error());
    const bool goes_on = co_await sleep_for(sweep_every);
    if (!goes_on) co_return;
  }
}

}  // namespace gatehouse::gateway
