#include "gateway/gateway.h"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <exception>

#include "base/ensure.h"
#include "gateway/problem.h"
#include "gateway/query.h"
#include "gateway/refusal.h"
#include "telemetry/log.h"

namespace gatehouse::gateway {
namespace {

constexpr const char* no_store = "no-store";
constexpr const char* every_method = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

std::string seconds_of(std::uint32_t ms) { return std::to_string((ms + 999) / 1000); }

void add_limit(const Admission& admission, http::Response& response) {
  response.with("ratelimit-limit", std::to_string(admission.limit));
  response.with("ratelimit-remaining", std::to_string(admission.remaining));
  response.with("ratelimit-reset", seconds_of(admission.reset_ms));
}

bool has_field(const http::Response& response, std::string_view name) {
  for (const auto& field : response.fields)
    if (field.first == name) return true;
  return false;
}

// The route and not the path: a path may hold what somebody would rather not see in a log.
void log_request(log::Level level, const Exchange& exchange, int status, SteadyTime::duration took) {
  const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto& caller = exchange.call.caller;
  const auto user_id = caller.is_authenticated() ? caller.user_id.str() : std::string();
  const auto session_id = caller.is_authenticated() ? caller.session_id.str() : std::string();
  log::write(level, "request", {{"correlation_id", exchange.call.correlation_id.view()},
                                {"method", http::name_of(exchange.request->method)},
                                {"route", exchange.route ? exchange.route->path : std::string_view("none")},
                                {"status", static_cast<std::int64_t>(status)},
                                {"user_id", user_id},
                                {"session_id", session_id},
                                {"took_us", static_cast<std::int64_t>(took_us)}});
}

log::Level level_of(const Exchange& exchange, int status) {
  const bool is_told = exchange.route && exchange.route->policy.is_logged() && status < 300;
  return is_told ? log::Level::info : log::Level::debug;
}

std::unexpected<Error> denied(const Exchange& exchange) {
  const auto& policy = exchange.route->policy;
  if (policy.access() == Policy::Access::service) {
    const bool has_key = !exchange.header("x-service-auth").empty();
    return fail(Code::unauthenticated, "service_unauthenticated",
                has_key ? "The key in x-service-auth is not a service key." : "Send a service key in x-service-auth.");
  }
  return fail(Code::permission_denied, "permission_denied",
              "This takes the permission " + std::string(policy.permission()) + ", and you do not have it.");
}

// A cancelled task is ended by an exception out of its next wait: that is no bug, and nobody is there to be answered.
std::unexpected<Error> failure_of(const std::exception& thrown) {
  const auto* error = dynamic_cast<const boost::system::system_error*>(&thrown);
  const bool is_cancellation = error && error->code() == boost::asio::error::operation_aborted;
  if (is_cancellation) return fail(Code::cancelled, "cancelled", "The caller has gone.");
  return internal(thrown.what());
}

}  // namespace

Gateway::Gateway(GatewayParts parts, CallParts calls)
    : routes_(parts.routes),
      authenticator_(parts.authenticator),
      permissions_(parts.permissions),
      limits_(parts.limits),
      service_keys_(std::move(parts.service_keys)),
      cors_(std::move(parts.cors_origins)),
      clock_(parts.clock),
      arrivals_(std::move(parts.trusted_proxies), parts.request_timeout, parts.clock, parts.random),
      metrics_(parts.listener, parts.routes, parts.metrics),
      calls_(std::move(calls)) {
  for (const auto& route : routes_.rows())
    ensure(authenticator_ || !route.policy.needs_token(), "a route takes access tokens and nobody here can read them");
}

Async<http::Response> Gateway::handle(const http::Request& request) {
  Exchange exchange = arrivals_.begin(request);
  http::Response response;
  try {
    auto answered = co_await answer(exchange);
    if (answered) {
      response = std::move(*answered);
    } else {
      response = make_problem(answered.error(), request.path, exchange.call.correlation_id);
      if (response.status >= 500) log::failure("a request failed", exchange.call, answered.error());
    }
  } catch (const std::exception& thrown) {  // the last resort: this request fails, the process does not (S-107)
    const auto failed = failure_of(thrown);
    if (failed.error().code == Code::internal) log::failure("a request threw", exchange.call, failed.error());
    response = make_problem(failed.error(), request.path, exchange.call.correlation_id);
  }
  finish(exchange, response);
  co_return response;
}

// Match, admit, authenticate, authorize, handle. Nothing below a step runs unless the step said yes.
Task<http::Response> Gateway::answer(Exchange& exchange) {
  if (exchange.request->method == http::Method::options) co_return answer_options(*exchange.request);
  const auto matched = match(exchange);
  if (!matched) co_return pass(matched);
  const auto admitted = admit(exchange);
  if (!admitted) co_return pass(admitted);
  const auto authenticated = co_await authenticate(exchange);
  if (!authenticated) co_return pass(authenticated);
  Result<Verdict> verdict = authorize(exchange);
  const auto& policy = exchange.route->policy;
  if (*verdict == Verdict::ask)
    verdict = co_await permissions_.may(exchange.call, exchange.call.caller.user_id, policy.permission());
  if (!verdict) co_return pass(verdict);
  if (*verdict != Verdict::allow) co_return denied(exchange);
  if (!exchange.request->query.empty() && !policy.takes_query()) co_return no_such_parameter(exchange.request->query);
  co_return co_await (calls_.*exchange.route->handler)(exchange);
}

Done Gateway::match(Exchange& exchange) const {
  const auto found = routes_.find(exchange.request->path);
  if (!found.path) return not_found("route_not_found", "There is nothing here.");
  const auto* route = found.path->find(exchange.request->method);
  if (!route) return fail(Code::unimplemented, "method_not_allowed", "This method is not one of those in Allow.");
  if (found.has_id) {
    const auto id = canonical_id(found.id);
    if (!id) return fail(Code::invalid_argument, "malformed_id", "The id in the path is not a UUID.");
    exchange.path_id_text = *id;
    exchange.path_id = exchange.path_id_text;
  }
  exchange.route = route;
  return {};
}

Done Gateway::admit(Exchange& exchange) {
  const auto rate_class = exchange.route->policy.rate_class();
  if (rate_class == RateClass::unlimited) return {};
  exchange.admission = limits_.admit_source(rate_class, exchange.call.caller.source);
  if (!exchange.admission.allowed) return rate_limited(exchange.admission);
  return {};
}

Task<void> Gateway::authenticate(Exchange& exchange) {
  if (!exchange.route->policy.needs_token()) co_return Done{};
  const auto token = bearer_token(*exchange.request);
  if (!token) co_return pass(token);
  auto caller = authenticator_->remembered(*token, exchange.arrived);  // verified before, on this shard
  if (!caller) {
    const auto verified = co_await authenticator_->authenticate(exchange.call, *token);
    if (!verified) co_return pass(verified);
    caller = *verified;
  }
  exchange.call.caller.user_id = caller->user_id;
  exchange.call.caller.session_id = caller->session_id;
  co_return Done{};
}

Verdict Gateway::authorize(const Exchange& exchange) const {
  const auto& caller = exchange.call.caller;
  switch (exchange.route->policy.access()) {
    case Policy::Access::open: return Verdict::allow;
    case Policy::Access::service:
      return service_keys_.accepts(exchange.header("x-service-auth")) ? Verdict::allow : Verdict::deny;
    case Policy::Access::user: return caller.is_authenticated() ? Verdict::allow : Verdict::deny;
    case Policy::Access::self_or_grant:
      if (!caller.is_authenticated()) return Verdict::deny;
      return UserId::parse(exchange.path_id) == caller.user_id ? Verdict::allow : Verdict::ask;
  }
  return Verdict::deny;
}

Result<http::Response> Gateway::answer_options(const http::Request& request) const {
  if (request.path == "*") return cors_.answer_options(request, every_method);
  const auto found = routes_.find(request.path);
  if (!found.path) return not_found("route_not_found", "There is nothing here.");
  return cors_.answer_options(request, found.path->allow);
}

void Gateway::finish(const Exchange& exchange, http::Response& response) {
  response.with("x-correlation-id", exchange.call.correlation_id.str());
  if (response.status == 405) response.with("allow", routes_.find(exchange.request->path).path->allow);
  const bool is_other_limit = response.status == 429 && exchange.admission.allowed;  // not the one that is shown here
  if (exchange.admission.limit > 0 && !is_other_limit) add_limit(exchange.admission, response);
  if (!has_field(response, "cache-control")) response.with("cache-control", no_store);
  cors_.apply(*exchange.request, response);
  const auto took = clock_.steady() - exchange.arrived.steady;
  metrics_.observe(exchange.route, response.status, took);
  const auto level = level_of(exchange, response.status);
  if (log::is_enabled(level)) log_request(level, exchange, response.status, took);
}

http::Response Gateway::refuse(const http::Refusal& why, const http::Request* request) {
  Error error;
  error.reason = why.reason;
  error.message = sentence_of(why);
  const auto correlation_id = arrivals_.correlation_id_of(request, clock_.wall());
  auto response = make_problem(why.status, error, request ? request->path : std::string_view(), correlation_id);
  response.with("x-correlation-id", correlation_id.str());
  response.with("cache-control", no_store);
  if (request) cors_.apply(*request, response);
  response.closes = true;
  return response;
}

std::size_t Gateway::body_bytes_max(const http::Request& request) {
  const auto found = routes_.find(request.path);
  const auto* route = found.path ? found.path->find(request.method) : nullptr;
  return route ? route->policy.body_bytes_max() : limits::auth_body_bytes_max;
}

}  // namespace gatehouse::gateway
