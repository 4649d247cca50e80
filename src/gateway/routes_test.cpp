#include "gateway/routes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include <set>

#include "gateway/calls.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;

std::string concrete(std::string_view pattern) {
  const auto open = pattern.find('{');
  if (open == std::string_view::npos) return std::string(pattern);
  return std::string(pattern.substr(0, open)) + test_uuid(1) + std::string(pattern.substr(pattern.find('}') + 1));
}

TEST(RouteTable, finds_every_row_by_its_own_path_and_method) {
  for (const auto routes : {public_routes(), internal_routes(), admin_routes()}) {
    const RouteTable table(routes);
    for (const auto& route : routes) {
      const auto path = concrete(route.path);
      const auto found = table.find(path);
      ASSERT_NE(found.path, nullptr) << path;
      EXPECT_EQ(found.path->find(route.method), &route) << path;
      if (found.has_id) EXPECT_EQ(found.id, test_uuid(1));
    }
  }
}

TEST(RouteTable, prefers_a_literal_to_a_parameter) {
  const RouteTable table(public_routes());
  const auto found = table.find("/api/v1/users/me");
  EXPECT_FALSE(found.has_id);
  EXPECT_EQ(found.path->find(Method::get)->path, "/api/v1/users/me");
}

TEST(RouteTable, a_parameter_is_one_segment) {
  const RouteTable table(public_routes());
  for (const auto* path : {"/api/v1/users/", "/api/v1/users/a/b", "/api/v1/users/me/identifiers/", "/api/v1/challenges//verify",
                           "/api/v1/challenges/verify", "/api/v1/users/me/", "/API/v1/users/me", "", "/"})
    EXPECT_EQ(table.find(path).path, nullptr) << path;
}

TEST(RouteTable, S64_head_stands_beside_get_and_allow_names_what_there_is) {
  const RouteTable table(public_routes());
  const auto* me = table.find("/api/v1/users/me").path;
  EXPECT_EQ(me->find(Method::head), me->find(Method::get));
  EXPECT_EQ(me->allow, "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(table.find("/api/v1/auth/login").path->allow, "POST, OPTIONS");
}

TEST(RouteTable, S93_only_these_routes_are_open_to_everybody) {
  const std::set<std::string_view> open{"/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/refresh",
                                        "/api/v1/auth/recover", "/api/v1/auth/reset", "/api/v1/challenges",
                                        "/api/v1/challenges/{challenge_id}/verify", "/.well-known/jwks.json",
                                        "/.well-known/openid-configuration", "/openapi.json"};
  for (const auto& route : public_routes())
    EXPECT_EQ(route.policy.access() == Policy::Access::open, open.contains(route.path)) << route.path;
  for (const auto& route : internal_routes()) EXPECT_EQ(route.policy.access(), Policy::Access::service);
}

TEST(RouteTable, everything_open_that_costs_a_hash_a_mail_or_a_guess_is_limited) {
  for (const auto& route : public_routes()) {
    if (route.policy.access() == Policy::Access::open && route.method == Method::post)
      EXPECT_NE(route.policy.rate_class(), RateClass::unlimited) << route.path;
  }
}

using RouteTableDeathTest = testing::Test;

TEST(RouteTableDeathTest, S93_a_table_that_contradicts_itself_does_not_load) {
  constexpr auto handler = &Calls::get_me;
  static constexpr Route twice[] = {{Method::get, "/a", Policy::user(), handler}, {Method::get, "/a", Policy::open(), handler}};
  static constexpr Route whose[] = {{Method::get, "/a", Policy::self_or("users:read"), handler}};
  static constexpr Route which[] = {{Method::get, "/a/{user_id}", Policy::self_or(""), handler}};
  static constexpr Route bodiless[] = {{Method::post, "/a", Policy::user(), handler}};
  static constexpr Route nobody[] = {{Method::get, "/a", Policy::user(), nullptr}};
  for (const std::span<const Route> table : {std::span<const Route>(twice), std::span<const Route>(whose),
                                             std::span<const Route>(which), std::span<const Route>(bodiless),
                                             std::span<const Route>(nobody)})
    EXPECT_DEATH(RouteTable{table}, "broken invariant");
}

class EveryRoute : public GatewayTest {};

TEST_F(EveryRoute, S93_S66_that_is_not_open_refuses_whoever_brings_no_token_before_anything_is_asked) {
  for (const auto& route : public_routes()) {
    if (route.policy.access() == Policy::Access::open) continue;
    const auto answer = send(route.method, concrete(route.path), {.body = route.policy.body_bytes_max() > 0 ? "{}" : ""});
    EXPECT_EQ(answer.status, 401) << route.path;
    EXPECT_EQ(answer.code(), "token_missing") << route.path;
    EXPECT_EQ(answer.header("www-authenticate"), "Bearer") << route.path;
  }
  EXPECT_TRUE(identity.asked.empty() && credential.asked.empty() && account.asked.empty() && auth.asked.empty());
}

TEST_F(EveryRoute, S67_says_what_it_is_and_who_may_keep_it) {
  const auto ada = person();
  for (const auto& route : public_routes()) {
    const auto answer = send(route.method, concrete(route.path),
                             {.body = route.policy.body_bytes_max() > 0 ? "{}" : "", .token = ada.token});
    EXPECT_FALSE(answer.header("x-correlation-id").empty()) << route.path;
    EXPECT_TRUE(answer.content_type == "application/json" || answer.content_type == "application/problem+json");
    const bool is_document = route.path.starts_with("/.well-known/") || route.path == "/openapi.json";
    EXPECT_EQ(answer.header("cache-control"), is_document ? "public, max-age=300" : "no-store") << route.path;
    for (const auto* name : {"server", "x-powered-by"}) EXPECT_TRUE(answer.header(name).empty());
  }
}

TEST_F(EveryRoute, S64_answers_405_with_allow_to_a_method_it_has_not) {
  const auto answer = send(Method::put, "/api/v1/auth/login", {.body = "{}"});
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.code(), "method_not_allowed");
  EXPECT_EQ(answer.header("allow"), "POST, OPTIONS");
}

TEST_F(EveryRoute, S64_a_method_override_changes_nothing) {
  const auto ada = person();
  for (const auto* name : {"x-http-method-override", "x-http-method", "x-method-override"}) {
    const auto answer = get("/api/v1/users/me", {.token = ada.token, .fields = {{name, "DELETE"}}});
    EXPECT_EQ(answer.status, 200);
  }
  EXPECT_EQ(identity.times("delete_user"), 0);
}

TEST_F(EveryRoute, that_does_not_exist_is_404_on_every_listener) {
  for (auto* handler : {gateway.get(), internal.get(), admin.get()})
    EXPECT_EQ(ask(*handler, Method::get, "/nowhere").code(), "route_not_found");
  EXPECT_EQ(get("/metrics").status, 404) << "S-70: not on the public listener";
  EXPECT_EQ(get("/internal/permissions/" + test_uuid(1)).status, 404);
  EXPECT_EQ(ask(*admin, Method::get, "/api/v1/users/me").status, 404);
}

TEST_F(EveryRoute, S63_an_id_that_is_none_is_refused_before_anything_is_asked) {
  const auto ada = person();
  for (const auto* id : {"42", "..%2fadmin", "018bcfe5687b70008000000000000001",
                         "018bcfe5-687b-7000-8000-000000000001%00", "me%20", "'"}) {
    const auto answer = get("/api/v1/users/" + std::string(id), {.token = ada.token});
    EXPECT_EQ(answer.status, 400) << id;
    EXPECT_EQ(answer.code(), "malformed_id") << id;
  }
  EXPECT_TRUE(identity.asked.empty());
}

TEST_F(EveryRoute, an_id_may_be_written_in_upper_case) {
  auto ada = person();
  const auto written = ada.id;
  std::ranges::transform(ada.id, ada.id.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  EXPECT_EQ(get("/api/v1/users/" + ada.id, {.token = ada.token}).text("id"), written);
  EXPECT_EQ(send(Method::del, "/api/v1/users/me/identifiers/" + ada.id, {.token = ada.token}).code(), "identifier_not_found");
}

TEST_F(EveryRoute, S100_a_query_that_it_does_not_take_is_refused_by_name) {
  const auto ada = person();
  for (const auto* path : {"/api/v1/users/me", "/api/v1/sessions", "/.well-known/jwks.json", "/openapi.json"}) {
    const auto answer = get(path, {.token = ada.token, .query = "verbose=1"});
    EXPECT_EQ(answer.code(), "malformed_query") << path;
    EXPECT_EQ(answer.text("detail"), "This call does not take the parameter verbose.");
  }
  EXPECT_EQ(get("/api/v1/users/me", {.query = "verbose=1"}).status, 401) << "strangers learn nothing of it";
}

TEST_F(EveryRoute, S69_takes_little_from_strangers) {
  for (const auto& route : public_routes())
    if (!route.policy.needs_token()) EXPECT_LE(route.policy.body_bytes_max(), limits::auth_body_bytes_max) << route.path;
}

TEST_F(EveryRoute, tells_the_server_how_large_its_body_may_be) {
  http::Request request;
  request.method = Method::post;
  request.path = "/api/v1/auth/login";
  EXPECT_EQ(gateway->body_bytes_max(request), limits::auth_body_bytes_max);
  request.path = "/api/v1/users/me";
  request.method = Method::patch;
  EXPECT_EQ(gateway->body_bytes_max(request), limits::body_bytes_max);
  request.method = Method::get;
  EXPECT_EQ(gateway->body_bytes_max(request), 0U);
}

}  // namespace
}  // namespace gatehouse::gateway
