// Two shards of the auth role over one SQLite database, for tests of the service: what a process looks like.
#pragma once

#include <array>
#include <atomic>
#include <fstream>
#include <iterator>

#include "auth/adapters/sqlite_place_test.h"
#include "crypto/jose.h"

namespace gatehouse::auth {

class AuthServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (auto* shard : {&one_, &two_})
      revocations_.subscribe(*shard, [this](const SessionsRevoked& notice) {
        heard_ += static_cast<int>(notice.sessions.size());
        if (!notice.sessions.empty()) heard_until_ms_ = to_ms(notice.until);
      });
    start_services();
    one_.start();
    two_.start();
  }
  void TearDown() override {
    one_.stop();
    two_.stop();
  }
  void start_services() {
    first_ = make_sqlite_service(one_, parts_);
    second_ = make_sqlite_service(two_, parts_);
  }

  template <class T>
  std::future<Result<T>> begin(Task<T> task, int shard = 1) {
    return asio::co_spawn(shard == 1 ? one_.executor() : two_.executor(), std::move(task), asio::use_future);
  }
  template <class T>
  Result<T> wait(Task<T> task, int shard = 1) {
    return begin<T>(std::move(task), shard).get();
  }

  v1::CreateSessionRequest session_request(std::string idempotency_key = {}) {
    v1::CreateSessionRequest request;
    request.set_user_id(user_);
    request.set_user_agent("agent/1.0");
    request.set_source("192.0.2.1");
    request.set_scope("all");
    request.set_began_at_ms(to_ms(clock_.wall()));
    request.set_idempotency_key(std::move(idempotency_key));
    return request;
  }
  static v1::RefreshRequest refresh_request(std::string token) {
    v1::RefreshRequest request;
    request.set_refresh_token(std::move(token));
    return request;
  }
  v1::Tokens login(std::string idempotency_key = {}) {
    auto tokens = wait<v1::Tokens>(first_->create_session(Call(), session_request(std::move(idempotency_key))));
    EXPECT_TRUE(tokens) << tokens.error().detail;
    return tokens.value_or(v1::Tokens());
  }
  Result<v1::Tokens> refresh(const std::string& token) {
    return wait<v1::Tokens>(first_->refresh(Call(), refresh_request(token)));
  }
  // What a gateway would say of an access token, by the keys that are published.
  Result<crypto::AccessClaims> check(const std::string& access_token, Api& by) {
    const auto set = wait<v1::KeySet>(by.get_key_set(Call(), v1::GetKeySetRequest()));
    if (!set) return pass(set);
    crypto::VerifyKeys keys;
    for (const auto& key : set->keys()) {
      auto known = crypto::VerifyKey::from_jwk(key.jwk());
      if (!known) return pass(known);
      keys.emplace(key.kid(), std::move(*known));
    }
    const crypto::AccessExpectations expected{.issuer = "https://id.example", .audience = "gatehouse"};
    return crypto::verify_access_token(access_token, keys, expected, clock_.wall());
  }
  std::vector<events::Event> events() { return wait<std::vector<events::Event>>(place_.events()).value(); }
  Result<v1::RevokeSessionResponse> revoke(const std::string& session_id, Call call = {}) {
    v1::RevokeSessionRequest request;
    request.set_user_id(user_);
    request.set_session_id(session_id);
    return wait<v1::RevokeSessionResponse>(first_->revoke_session(call, std::move(request)));
  }

  static constexpr const char* user_ = "01890a5d-ac96-774b-bcce-b302099a8057";
  static crypto::MasterKey master(std::uint8_t fill) {
    std::array<std::uint8_t, 32> raw{};
    raw.fill(fill);
    return crypto::MasterKey(SecretKey(raw));
  }

  ManualClock clock_;
  SystemRandom random_;
  telemetry::Metrics metrics_;
  crypto::MasterKey master_ = master(1);
  config::Token config_;
  std::atomic<int> heard_ = 0;
  std::atomic<std::int64_t> heard_until_ms_ = 0;
  SqlitePlace place_;
  Shard one_{0}, two_{1};
  Bus<SessionsRevoked> revocations_;
  Bus<KeysChanged> key_changes_;
  Parts parts_{.database = place_.database(),
               .revocations = revocations_,
               .key_changes = key_changes_,
               .config = config_,
               .issuer = "https://id.example",
               .master_key = master_,
               .clock = clock_,
               .random = random_,
               .metrics = metrics_};
  std::unique_ptr<Api> first_, second_;
};

}  // namespace gatehouse::auth
