// The routes: one table of rows {method, path, policy, handler} per listener, and how a path finds its row.
//
// A path has at most one parameter, {name}, which is a UUID. Policy has no default: a row without one
// does not compile, and a table whose rows contradict themselves does not load. Immutable; any thread.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "gateway/exchange.h"
#include "gateway/rate_class.h"
#include "runtime/task.h"

namespace gatehouse::gateway {

class Calls;

// Who may call a route, how large its body may be, how often one source may call it, whether it takes a query.
class Policy {
 public:
  enum class Access : std::uint8_t {
    user,           // whoever has a valid access token
    self_or_grant,  // the user whose id is in the path, or whoever has `permission`
    service,        // another service, by x-service-auth
    open,           // everybody
  };
  static constexpr Policy user() { return Policy(Access::user); }
  static constexpr Policy self_or(std::string_view permission) { return Policy(Access::self_or_grant, permission); }
  static constexpr Policy service() { return Policy(Access::service); }
  static constexpr Policy open() { return Policy(Access::open); }

  [[nodiscard]] constexpr Policy body(std::size_t bytes_max) const {
    Policy policy = *this;
    policy.body_bytes_max_ = bytes_max;
    return policy;
  }
  [[nodiscard]] constexpr Policy limited(RateClass rate_class) const {
    Policy policy = *this;
    policy.rate_class_ = rate_class;
    return policy;
  }

  // What it changes is of interest to who watches over security: each success is a line in the log.
  [[nodiscard]] constexpr Policy logged() const {
    Policy policy = *this;
    policy.is_logged_ = true;
    return policy;
  }
  [[nodiscard]] constexpr Policy with_query() const {
    Policy policy = *this;
    policy.takes_query_ = true;
    return policy;
  }

  [[nodiscard]] constexpr Access access() const { return access_; }
  [[nodiscard]] constexpr std::string_view permission() const { return permission_; }
  [[nodiscard]] constexpr std::size_t body_bytes_max() const { return body_bytes_max_; }
  [[nodiscard]] constexpr RateClass rate_class() const { return rate_class_; }
  // False: a request with a query is refused, as is a parameter the handler of one that does take it does not know.
  [[nodiscard]] constexpr bool takes_query() const { return takes_query_; }
  [[nodiscard]] constexpr bool is_logged() const { return is_logged_; }
  [[nodiscard]] constexpr bool needs_token() const {
    return access_ == Access::user || access_ == Access::self_or_grant;
  }

 private:
  constexpr explicit Policy(Access access, std::string_view permission = {}) : access_(access), permission_(permission) {}
  Access access_;
  std::string_view permission_;
  std::size_t body_bytes_max_ = 0;
  RateClass rate_class_ = RateClass::unlimited;
  bool takes_query_ = false;
  bool is_logged_ = false;
};

using CallHandler = Task<http::Response> (Calls::*)(Exchange exchange);

struct Route {
  http::Method method;
  std::string_view path;  // "/api/v1/users/{user_id}"
  Policy policy;
  CallHandler handler;
};

[[nodiscard]] std::span<const Route> public_routes();
[[nodiscard]] std::span<const Route> internal_routes();
[[nodiscard]] std::span<const Route> admin_routes();

// What one path answers to.
struct PathRoutes {
  std::array<const Route*, 7> by_method{};  // index: http::Method; HEAD stands beside GET
  std::string allow;                        // the Allow header
  [[nodiscard]] const Route* find(http::Method method) const { return by_method[static_cast<std::size_t>(method)]; }
};

class RouteTable {
 public:
  // Aborts on a contradiction: it is a bug of ours and shows at every start.
  explicit RouteTable(std::span<const Route> routes);

  struct Found {
    const PathRoutes* path = nullptr;  // null: no such path
    std::string_view id;               // the parameter's text, unchecked
    bool has_id = false;
  };
  [[nodiscard]] Found find(std::string_view path) const;
  [[nodiscard]] std::span<const Route> rows() const { return rows_; }

 private:
  struct Pattern {
    std::string_view before, after;  // of the parameter
    PathRoutes routes;
  };
  PathRoutes& path_of(std::string_view path);
  std::span<const Route> rows_;
  std::unordered_map<std::string_view, PathRoutes> literals_;
  std::vector<Pattern> patterns_;
};

}  // namespace gatehouse::gateway
