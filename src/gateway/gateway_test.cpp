#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>

#include "gateway/openapi.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;
constexpr const char* me = "/api/v1/users/me";

class TheGateway : public GatewayTest {
 protected:
  Person ada = person("ada");
};

TEST_F(TheGateway, S58_believes_no_header_that_it_sets_itself) {
  const auto eve = person("eve");
  const std::vector<std::pair<std::string, std::string>> forged{
      {"x-user-id", eve.id}, {"x_user_id", eve.id},        {"x-session-id", eve.session}, {"x-roles", "admin"},
      {"x-service-auth", "service-key-one"}, {"x-internal-user", eve.id}, {"x-user-id", ""}};
  EXPECT_EQ(get(me, {.token = ada.token, .fields = forged}).text("username"), "ada");
  EXPECT_EQ(get(me, {.fields = forged}).code(), "token_missing");
  EXPECT_EQ(get("/api/v1/users/" + eve.id, {.token = ada.token, .fields = forged}).status, 403);
}

TEST_F(TheGateway, S61_links_come_from_the_configuration_and_never_from_a_header) {
  const std::vector<std::pair<std::string, std::string>> forged{
      {"host", "evil.test"}, {"x-forwarded-host", "evil.test"}, {"x-forwarded-proto", "https"}, {"forwarded", "host=evil.test"},
      {"x-forwarded-prefix", "/evil"}, {"x-original-url", "/metrics"}, {"x-rewrite-url", "/metrics"}};
  const auto discovery = get("/.well-known/openid-configuration", {.fields = forged});
  EXPECT_EQ(discovery.text("issuer"), "http://gatehouse.test");
  EXPECT_EQ(discovery.text("jwks_uri"), "http://gatehouse.test/.well-known/jwks.json");
  const auto answer = post("/api/v1/auth/register", R"({"username":"eve","password":"tidal-copper-orchard"})", {.fields = forged});
  EXPECT_TRUE(answer.header("location").starts_with("/api/v1/users/"));
}

TEST_F(TheGateway, S54_S53_takes_a_token_from_the_header_alone) {
  EXPECT_EQ(get(me, {.query = "access_token=" + ada.token}).status, 401);
  EXPECT_EQ(get(me, {.token = ada.token, .query = "access_token=" + ada.token}).status, 400);
  EXPECT_EQ(get(me, {.token = ada.token, .fields = {{"authorization", "Bearer " + ada.token}}}).status, 400);
}

TEST_F(TheGateway, names_the_request_in_its_answer_and_in_its_problem) {
  const auto answer = get(me, {.fields = {{"x-correlation-id", "order-7"}}});
  EXPECT_EQ(answer.header("x-correlation-id"), "order-7");
  EXPECT_EQ(answer.text("correlation_id"), "order-7");
  EXPECT_EQ(answer.text("instance"), me);
  EXPECT_NE(get(me).header("x-correlation-id"), get(me).header("x-correlation-id"));
}

TEST_F(TheGateway, tells_the_server_what_to_say_to_bytes_that_are_no_request) {
  const auto response = gateway->refuse({431, "header_too_large", 32'768}, nullptr);
  EXPECT_EQ(response.status, 431);
  EXPECT_TRUE(response.closes);
  const auto json = boost::json::parse(response.body).as_object();
  EXPECT_EQ(json.at("code"), "header_too_large");
  EXPECT_EQ(json.at("status"), 431);
  EXPECT_EQ(json.at("detail"), "The header may have at most 32768 bytes.");
  EXPECT_FALSE(json.contains("instance")) << "nobody knows what was asked for";
  EXPECT_EQ(gateway->refuse({500, "internal"}, nullptr).status, 500);
}

TEST_F(TheGateway, says_of_a_request_half_understood_what_it_knows) {
  http::Request request;
  request.path = "/api/v1/auth/login";
  request.fields = {{"x-correlation-id", "order-7"}};
  const auto response = gateway->refuse({413, "body_too_large", 16'384}, &request);
  const auto json = boost::json::parse(response.body).as_object();
  EXPECT_EQ(json.at("detail"), "The body may have at most 16384 bytes.");
  EXPECT_EQ(json.at("instance"), "/api/v1/auth/login");
  EXPECT_EQ(json.at("correlation_id"), "order-7");
  const auto none = gateway->refuse({413, "body_too_large", 0}, &request);
  EXPECT_EQ(boost::json::parse(none.body).as_object().at("detail"), "This call takes no body.");
}

TEST_F(TheGateway, S107_a_role_that_throws_fails_one_request_and_says_nothing) {
  identity.throws_at = "get_user";
  const auto answer = get(me, {.token = ada.token});
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.code(), "internal");
  EXPECT_EQ(answer.body.find("users.db"), std::string::npos);
  identity.throws_at.clear();
  EXPECT_EQ(get(me, {.token = ada.token}).status, 200);
}

TEST_F(TheGateway, S66_a_role_that_is_away_is_503_on_what_needs_it_and_nothing_on_the_rest) {
  identity.keeps_failing = true;
  identity.fail_next("get_user", Code::unavailable, "storage_busy");
  EXPECT_EQ(get(me, {.token = ada.token}).status, 503);
  EXPECT_EQ(get("/api/v1/sessions", {.token = ada.token}).status, 200);
}

TEST_F(TheGateway, hands_a_deadline_a_source_and_the_caller_to_the_roles) {
  const auto start = clock.steady();
  get(me, {.token = ada.token, .peer = "2001:db8::1"});
  EXPECT_EQ(identity.last_call.deadline, start + Milliseconds{config.server.request_timeout_ms});
  EXPECT_EQ(identity.last_call.caller.user_id.str(), ada.id);
  EXPECT_EQ(identity.last_call.caller.session_id.str(), ada.session);
  EXPECT_EQ(identity.last_call.caller.source.view(), "2001:db8::/64");
  EXPECT_EQ(identity.last_call.trace_parent.view().size(), 55U);
}

TEST_F(TheGateway, counts_by_route_and_names_no_person) {
  get(me, {.token = ada.token});
  get("/api/v1/users/" + ada.id, {.token = ada.token});
  get("/nowhere/" + ada.id);
  const auto text = ask(*admin, Method::get, "/metrics");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(text.body.find(R"(route="/api/v1/users/{user_id}",status="2xx"} 1)"), std::string::npos) << text.body;
  EXPECT_NE(text.body.find(R"(route="none",status="4xx"} 1)"), std::string::npos);
  EXPECT_EQ(text.body.find(ada.id), std::string::npos) << "S-67";
}

TEST_F(TheGateway, S12_a_request_that_was_cancelled_is_no_failure_of_ours) {
  identity.ended_at = "get_user";
  EXPECT_EQ(get(me, {.token = ada.token}).status, 499);
}

TEST_F(TheGateway, answers_options_for_the_server_as_a_whole) {
  const auto answer = send(Method::options, "*");
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

TEST_F(TheGateway, names_the_permission_that_is_missing) {
  const auto eve = person("eve");
  EXPECT_EQ(get("/api/v1/users/" + ada.id, {.token = eve.token}).text("detail"),
            "This takes the permission users:read, and you do not have it.");
}

class TheDocuments : public GatewayTest {};

TEST_F(TheDocuments, are_cacheable_and_honour_their_etag) {
  for (const auto* path : {"/.well-known/jwks.json", "/.well-known/openid-configuration", "/openapi.json"}) {
    const auto answer = get(path);
    ASSERT_EQ(answer.status, 200) << path;
    const auto etag = answer.header("etag");
    EXPECT_FALSE(etag.empty());
    EXPECT_EQ(answer.header("cache-control"), "public, max-age=300");
    const auto again = get(path, {.fields = {{"if-none-match", etag}}});
    EXPECT_EQ(again.status, 304) << path;
    EXPECT_EQ(again.header("etag"), etag);
    EXPECT_TRUE(again.body.empty());
  }
}

TEST_F(TheDocuments, the_large_one_is_compressed_once_and_is_the_same_document) {
  const auto plain = get("/openapi.json");
  const auto answer = get("/openapi.json", {.fields = {{"accept-encoding", "gzip"}}});
  EXPECT_EQ(answer.header("content-encoding"), "gzip") << "the server has nothing left to compress";
  EXPECT_EQ(answer.header("vary"), "accept-encoding");
  EXPECT_EQ(answer.header("etag"), "W/" + plain.header("etag"));
  EXPECT_LT(answer.body.size(), plain.body.size() / 3);
  EXPECT_EQ(answer.body.substr(0, 2), "\x1f\x8b");
  const Sent again{.fields = {{"accept-encoding", "gzip"}, {"if-none-match", answer.header("etag")}}};
  EXPECT_EQ(get("/openapi.json", again).status, 304);
  EXPECT_EQ(get("/openapi.json", {.fields = {{"accept-encoding", "gzip;q=0"}}}).body, plain.body);
  const auto current = get("/openapi.json", {.fields = {{"accept-encoding", "identity"}, {"if-none-match", plain.header("etag")}}});
  EXPECT_EQ(current.header("vary"), "accept-encoding");
}

TEST_F(TheDocuments, S56_hold_public_keys_only) {
  const auto keys = get("/.well-known/jwks.json").json().at("keys").as_array();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(std::string(keys[0].at("kid").as_string()), auth.keys[0].kid());
  for (const auto* secret : {"d", "p", "q", "k"}) EXPECT_FALSE(keys[0].as_object().contains(secret));
}

TEST_F(TheDocuments, S102_describe_every_route_there_is_and_no_other) {
  const auto paths = get("/openapi.json").json().at("paths").as_object();
  std::set<std::string> described, served;
  for (const auto& path : paths)
    for (const auto& operation : path.value().as_object())
      if (operation.key() != "parameters" && operation.key() != "servers")
        described.insert(std::string(operation.key()) + " " + std::string(path.key()));
  for (const auto routes : {public_routes(), internal_routes(), admin_routes()})
    for (const auto& route : routes) {
      std::string method(http::name_of(route.method));
      std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      served.insert(method + " " + std::string(route.path));
    }
  EXPECT_EQ(described, served);
}

TEST(YamlToJson, follows_the_core_schema) {
  EXPECT_EQ(yaml_to_json("a: [1, '1', 1.5, true, 'true', null, ~, 0192, -2, x, '']\n'200': |\n  two\n  lines\n").value(),
            R"({"a":[1,"1",1.5,true,"true",null,null,"0192",-2,"x",""],"200":"two\nlines\n"})");
  EXPECT_FALSE(yaml_to_json("a: [1"));
}

class TheInternalListener : public GatewayTest {
 protected:
  Answer permissions_of(const std::string& id, const std::string& key) {
    Sent sent;
    if (!key.empty()) sent.fields.emplace_back("x-service-auth", key);
    return ask(*internal, Method::get, "/internal/permissions/" + id, std::move(sent));
  }
  Person ada = person("ada");
};

TEST_F(TheInternalListener, answers_whoever_has_one_of_the_two_keys) {
  account.permissions[ada.id] = {"users:read"};
  for (const auto* key : {"service-key-one", "service-key-two"}) {
    const auto answer = permissions_of(ada.id, key);
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, R"({"user_id":")" + ada.id + R"(","roles":["admin"],"permissions":["users:read"]})");
    EXPECT_EQ(answer.header("cache-control"), "no-store");
  }
}

TEST_F(TheInternalListener, S60_refuses_everybody_else) {
  for (const auto* key : {"", "service-key-on", "service-key-three", "Service-Key-One"}) {
    const auto answer = permissions_of(ada.id, key);
    EXPECT_EQ(answer.status, 401) << key;
    EXPECT_EQ(answer.code(), "service_unauthenticated");
    EXPECT_EQ(answer.header("www-authenticate"), "ServiceKey");
    EXPECT_EQ(answer.text("detail"), *key == '\0' ? "Send a service key in x-service-auth." : "The key in x-service-auth is not a service key.");
  }
  const auto bearer = ask(*internal, Method::get, "/internal/permissions/" + ada.id, {.token = ada.token});
  EXPECT_EQ(bearer.status, 401) << "a user is no service";
  EXPECT_TRUE(account.asked.empty());
}

TEST_F(TheInternalListener, gives_nothing_to_whoever_may_not_act) {
  account.permissions[ada.id] = {"users:read"};
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  EXPECT_EQ(permissions_of(ada.id, "service-key-one").body, R"({"user_id":")" + ada.id + R"(","roles":[],"permissions":[]})");
  EXPECT_EQ(permissions_of(test_uuid(77), "service-key-one").code(), "user_not_found");
}

Task<void> healthy(Call) { co_return Done{}; }
Task<void> unwell(Call) { co_return unavailable("storage_busy", ""); }

class TheAdminListener : public GatewayTest {};

TEST_F(TheAdminListener, is_live_whatever_else) {
  health.add("database", unwell);
  const auto answer = ask(*admin, Method::get, "/health/live");
  EXPECT_EQ(answer.body, R"({"status":"ok","timestamp":"2023-11-14T22:13:20.000Z"})");
}

TEST_F(TheAdminListener, is_ready_when_every_check_is) {
  health.add("database", healthy);
  EXPECT_EQ(ask(*admin, Method::get, "/health/ready").body,
            R"({"ready":true,"checks":{"database":"ok","redis":"not_configured","kafka":"not_configured"}})");
  health.add("database", unwell);
  const auto answer = ask(*admin, Method::get, "/health/ready");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json().at("checks").at("database"), "failing");
}

class WithOrigins : public GatewayTest {
 protected:
  static config::Config configured() {
    auto config = limitless();
    config.server.cors_origins = {"https://app.example.com"};
    return config;
  }
  WithOrigins() : GatewayTest(configured()) {}
};

TEST_F(WithOrigins, S70_problems_and_preflights_can_be_read_by_the_app_too) {
  const std::vector<std::pair<std::string, std::string>> app{{"origin", "https://app.example.com"}};
  EXPECT_EQ(get(me, {.fields = app}).header("access-control-allow-origin"), "https://app.example.com");
  auto preflight = app;
  preflight.emplace_back("access-control-request-method", "PATCH");
  const auto answer = send(Method::options, me, {.fields = preflight});
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("access-control-allow-methods"), "GET, HEAD, PATCH, DELETE, OPTIONS");
  EXPECT_EQ(answer.header("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(send(Method::options, "/nowhere").status, 404);
  http::Request request;
  request.fields = {{"origin", "https://app.example.com"}};
  const auto refused = gateway->refuse({413, "body_too_large", 16'384}, &request);
  EXPECT_EQ(std::ranges::count(refused.fields, std::pair<std::string_view, std::string>("access-control-allow-origin", "https://app.example.com")), 1)
      << "so can what never became a request";
  EXPECT_EQ(ask(*admin, Method::get, "/health/live", {.fields = app}).header("access-control-allow-origin"), "");
}

}  // namespace
}  // namespace gatehouse::gateway
