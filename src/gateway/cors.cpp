#include "gateway/cors.h"

namespace gatehouse::gateway {
namespace {

constexpr const char* request_headers =
    "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, x-correlation-id";
constexpr const char* response_headers =
    "etag, location, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, www-authenticate, "
    "x-correlation-id";
constexpr const char* preflight_seconds = "600";

}  // namespace

const std::string* Cors::allowed_origin(const http::Request& request) const {
  if (request.count("origin") != 1) return nullptr;
  const auto origin = request.header("origin");
  for (const auto& allowed : origins_)
    if (origin == allowed) return &allowed;
  return nullptr;
}

void Cors::apply(const http::Request& request, http::Response& response) const {
  if (origins_.empty()) return;
  response.with("vary", "Origin");  // also when refused: a cache must not give this answer to another origin
  const auto* origin = allowed_origin(request);
  if (!origin) return;
  response.with("access-control-allow-origin", *origin);
  response.with("access-control-expose-headers", response_headers);
}

http::Response Cors::answer_options(const http::Request& request, const std::string& allow) const {
  http::Response response;
  response.status = 204;
  response.with("allow", allow);
  const bool is_preflight = !request.header("access-control-request-method").empty();
  if (!is_preflight || !allowed_origin(request)) return response;
  response.with("access-control-allow-methods", allow);
  response.with("access-control-allow-headers", request_headers);
  response.with("access-control-max-age", preflight_seconds);
  return response;
}

}  // namespace gatehouse::gateway
