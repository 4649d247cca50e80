// A whole gateway on one shard with the four roles in memory behind it, asked with http::Request values.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "crypto/digest.h"
#include "gateway/test_auth_door.h"
#include "gateway/test_credential_door.h"
#include "gateway/wire.h"

namespace gatehouse::gateway {

// What a test sends beyond method and path.
struct Sent {
  std::string body;
  std::string token;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string query;
  std::string peer = "192.0.2.1";
};

struct Answer {
  int status = 0;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  [[nodiscard]] std::string header(std::string_view name) const {
    for (const auto& field : fields)
      if (field.first == name) return field.second;
    return {};
  }
  [[nodiscard]] boost::json::object json() const { return boost::json::parse(body).as_object(); }
  [[nodiscard]] std::string text(std::string_view member) const {
    const auto object = json();
    const auto* value = object.if_contains(member);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
  }
  [[nodiscard]] std::string code() const { return text("code"); }
};

class GatewayTest : public testing::Test {
 protected:
  explicit GatewayTest(config::Config settings = limitless()) : config(std::move(settings)) {
    parts = std::make_unique<Parts>(Parts{
        .identity = identity, .credential = credential, .auth = auth, .account = account, .revocations = revocations,
        .key_changes = key_changes, .permission_changes = permission_changes, .limits = limits, .health = health,
        .config = config, .issuer = "http://gatehouse.test",
        .service_keys = {crypto::sha256("service-key-one"), crypto::sha256("service-key-two")},
        .clock = clock, .random = random, .metrics = metrics});
    gateway = make_public_gateway(shard, *parts).value();
    internal = make_internal_gateway(shard, *parts).value();
    admin = make_admin_gateway(shard, *parts).value();
    shard.start();
  }
  ~GatewayTest() override { shard.stop(); }

  static config::Config limitless() {
    config::Config config;
    config.rate_limit.enabled = false;
    return config;
  }

  template <class T>
  Result<T> wait_for(Task<T> task) {
    return asio::co_spawn(shard.executor(), std::move(task), asio::use_future).get();
  }

  Answer ask(http::Handler& handler, http::Method method, std::string path, Sent sent = {}) {
    http::Request request;
    request.method = method;
    request.path = path;
    request.query = sent.query;
    request.body = sent.body;
    request.peer = sent.peer;
    if (!sent.token.empty()) sent.fields.emplace_back("authorization", "Bearer " + sent.token);
    const bool has_type = std::ranges::any_of(sent.fields, [](const auto& f) { return f.first == "content-type"; });
    if (!sent.body.empty() && !has_type) sent.fields.emplace_back("content-type", "application/json");
    for (const auto& [name, value] : sent.fields) request.fields.push_back({name, value});
    auto response = asio::co_spawn(shard.executor(), handler.handle(request), asio::use_future).get();
    Answer answer{.status = response.status, .content_type = std::string(response.content_type), .body = response.body};
    for (auto& [name, value] : response.fields) answer.fields.emplace_back(std::string(name), std::move(value));
    return answer;
  }
  Answer get(std::string path, Sent sent = {}) { return ask(*gateway, http::Method::get, std::move(path), std::move(sent)); }
  Answer post(std::string path, std::string body, Sent sent = {}) {
    sent.body = std::move(body);
    return ask(*gateway, http::Method::post, std::move(path), std::move(sent));
  }
  Answer send(http::Method method, std::string path, Sent sent = {}) {
    return ask(*gateway, method, std::move(path), std::move(sent));
  }

  // Somebody with a password and a session.
  struct Person {
    std::string id, session, token;
  };
  Person person(const std::string& name = "ada", const std::string& password = "tidal-copper-orchard") {
    const auto id = identity.add(name).id();
    credential.passwords[id] = password;
    const auto session = auth.open_session(id);
    return {id, session, auth.token_for(id, session)};
  }

  config::Config config;
  ManualClock clock;
  SeededRandom random{7};
  Shard shard{0};
  Bus<auth::SessionsRevoked> revocations;
  Bus<auth::KeysChanged> key_changes;
  Bus<account::PermissionsChanged> permission_changes;
  telemetry::Metrics metrics;
  telemetry::Health health;
  FakeIdentity identity{clock};
  FakeCredential credential;
  FakeAuth auth{revocations, key_changes, clock};
  FakeAccount account;
  RateLimits limits{config.rate_limit, clock, random};
  std::unique_ptr<Parts> parts;
  std::unique_ptr<http::Handler> gateway, internal, admin;
};

}  // namespace gatehouse::gateway
