#include "gateway/routes.h"

#include "base/ensure.h"
#include "gateway/calls.h"

namespace gatehouse::gateway {
namespace {

using http::Method;
constexpr std::size_t auth_body = limits::auth_body_bytes_max;
constexpr std::size_t any_body = limits::body_bytes_max;

constexpr Route public_table[] = {
    {Method::post, "/api/v1/auth/register", Policy::open().body(auth_body).limited(RateClass::registration).logged(),
     &Calls::register_user},
    {Method::post, "/api/v1/auth/login", Policy::open().body(auth_body).limited(RateClass::login), &Calls::login},
    {Method::post, "/api/v1/auth/refresh", Policy::open().body(auth_body).limited(RateClass::refresh),
     &Calls::refresh},
    {Method::post, "/api/v1/auth/logout", Policy::user().body(auth_body), &Calls::logout},
    {Method::post, "/api/v1/auth/recover", Policy::open().body(auth_body).limited(RateClass::mail), &Calls::recover},
    {Method::post, "/api/v1/auth/reset", Policy::open().body(auth_body).limited(RateClass::code).logged(),
     &Calls::reset_password},

    {Method::get, "/api/v1/users/me", Policy::user(), &Calls::get_me},
    {Method::patch, "/api/v1/users/me", Policy::user().body(any_body).logged(), &Calls::update_me},
    {Method::del, "/api/v1/users/me", Policy::user().logged(), &Calls::delete_me},
    {Method::put, "/api/v1/users/me/password", Policy::user().body(auth_body).limited(RateClass::login).logged(),
     &Calls::change_password},
    {Method::get, "/api/v1/users/me/identifiers", Policy::user(), &Calls::list_identifiers},
    {Method::post, "/api/v1/users/me/identifiers", Policy::user().body(auth_body).limited(RateClass::login).logged(),
     &Calls::attach_identifier},
    {Method::del, "/api/v1/users/me/identifiers/{identifier_id}", Policy::user().logged(), &Calls::detach_identifier},
    {Method::get, "/api/v1/users/{user_id}", Policy::self_or("users:read"), &Calls::get_user},
    {Method::put, "/api/v1/users/{user_id}", Policy::self_or("users:write").body(any_body).logged(), &Calls::put_user},

    {Method::get, "/api/v1/sessions", Policy::user().with_query(), &Calls::list_sessions},
    {Method::del, "/api/v1/sessions", Policy::user().logged(), &Calls::revoke_other_sessions},
    {Method::del, "/api/v1/sessions/{session_id}", Policy::user().logged(), &Calls::revoke_session},

    {Method::post, "/api/v1/challenges", Policy::open().body(auth_body).limited(RateClass::mail),
     &Calls::create_challenge},
    {Method::post, "/api/v1/challenges/{challenge_id}/verify",
     Policy::open().body(auth_body).limited(RateClass::code), &Calls::verify_challenge},

    {Method::get, "/.well-known/jwks.json", Policy::open(), &Calls::get_jwks},
    {Method::get, "/.well-known/openid-configuration", Policy::open(), &Calls::get_openid_configuration},
    {Method::get, "/openapi.json", Policy::open(), &Calls::get_openapi},
};

constexpr Route internal_table[] = {
    {Method::get, "/internal/permissions/{user_id}", Policy::service(), &Calls::get_permissions},
};

constexpr Route admin_table[] = {
    {Method::get, "/health/live", Policy::open(), &Calls::get_liveness},
    {Method::get, "/health/ready", Policy::open(), &Calls::get_readiness},
    {Method::get, "/metrics", Policy::open(), &Calls::get_metrics},
};

constexpr std::array methods = {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::del};

void check_row(const Route& route) {
  const auto& policy = route.policy;
  const bool has_body = route.method == Method::post || route.method == Method::put || route.method == Method::patch;
  ensure(route.handler != nullptr, "a route has no handler");
  ensure(route.path.starts_with('/'), "a route's path begins with a slash");
  ensure(route.method != Method::head && route.method != Method::options, "HEAD and OPTIONS come by themselves");
  ensure(has_body == (policy.body_bytes_max() > 0), "a route takes a body exactly when its method does");
  ensure(policy.needs_token() || policy.body_bytes_max() <= auth_body, "strangers send little");
  if (policy.access() != Policy::Access::self_or_grant) return;
  ensure(!policy.permission().empty(), "self or a permission: which permission?");
  ensure(route.path.find("{user_id}") != std::string_view::npos, "self or a permission: whose id is in the path?");
}

std::string allow_of(const PathRoutes& path) {
  std::string allow;
  for (const auto method : methods)
    if (path.find(method)) allow.append(http::name_of(method)).append(", ");
  return allow.append("OPTIONS");
}

}  // namespace

std::span<const Route> public_routes() { return public_table; }
std::span<const Route> internal_routes() { return internal_table; }
std::span<const Route> admin_routes() { return admin_table; }

RouteTable::RouteTable(std::span<const Route> routes) : rows_(routes) {
  for (const auto& route : rows_) {
    check_row(route);
    auto& path = path_of(route.path);
    auto& row = path.by_method[static_cast<std::size_t>(route.method)];
    ensure(row == nullptr, "two routes have the same method and path");
    row = &route;
    if (route.method == Method::get) path.by_method[static_cast<std::size_t>(Method::head)] = &route;
  }
  for (auto& [text, path] : literals_) path.allow = allow_of(path);
  for (auto& pattern : patterns_) pattern.routes.allow = allow_of(pattern.routes);
}

PathRoutes& RouteTable::path_of(std::string_view path) {
  const auto open = path.find('{');
  if (open == std::string_view::npos) return literals_[path];
  const auto close = path.find('}', open);
  ensure(close != std::string_view::npos && path.find('{', close) == std::string_view::npos,
         "a route's path has one parameter at most");
  const auto before = path.substr(0, open), after = path.substr(close + 1);
  for (auto& pattern : patterns_)
    if (pattern.before == before && pattern.after == after) return pattern.routes;
  return patterns_.emplace_back(Pattern{before, after, {}}).routes;
}

RouteTable::Found RouteTable::find(std::string_view path) const {
  if (const auto literal = literals_.find(path); literal != literals_.end()) return {.path = &literal->second};
  for (const auto& pattern : patterns_) {
    if (path.size() <= pattern.before.size() + pattern.after.size()) continue;
    if (!path.starts_with(pattern.before) || !path.ends_with(pattern.after)) continue;
    const auto id = path.substr(pattern.before.size(), path.size() - pattern.before.size() - pattern.after.size());
    if (id.find('/') == std::string_view::npos) return {.path = &pattern.routes, .id = id, .has_id = true};
  }
  return {};
}

}  // namespace gatehouse::gateway
