// What every store of the auth role must do, as tests (store_contract_test.cpp). An adapter's test makes a StorePlace
// and instantiates the suite over it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "auth/store.h"
#include "base/limits.h"
#include "runtime/shard.h"

namespace gatehouse::auth {

// A store and what lies behind it.
class StorePlace {
 public:
  virtual ~StorePlace() = default;
  [[nodiscard]] virtual Store& store() = 0;
  virtual void restart() = 0;  // closes everything and opens it again; store() is another one after that
  [[nodiscard]] virtual Task<std::vector<events::Event>> events() = 0;
};

using MakeStorePlace = std::function<std::unique_ptr<StorePlace>()>;

class StoreContract : public ::testing::TestWithParam<MakeStorePlace> {
 protected:
  void SetUp() override {
    shard_.start();
    place_ = GetParam()();
  }
  void TearDown() override {
    place_.reset();
    shard_.stop();
  }
  Store& store() { return place_->store(); }

  template <class T>
  std::future<Result<T>> begin(Task<T> task) {
    return asio::co_spawn(shard_.executor(), std::move(task), asio::use_future);
  }
  template <class T>
  Result<T> wait(Task<T> task) {
    return begin<T>(std::move(task)).get();
  }

  static Digest digest(int n) {
    Digest made{};
    made[0] = static_cast<std::uint8_t>(n);
    made[1] = static_cast<std::uint8_t>(n >> 8);
    made[31] = 7;
    return made;
  }
  Moment moment(WallTime at) const { return {.at = at, .correlation_id = "c-1", .trace_parent = ""}; }
  OpenSession request(std::string user_id = "user-1") {
    OpenSession open;
    open.session = {.id = {Uuid::make_v7(now_, random_)},
                    .user_id = std::move(user_id),
                    .user_agent = "agent",
                    .source = "192.0.2.1",
                    .scope = "",
                    .created_at = now_,
                    .last_used_at = now_,
                    .expires_at = now_ + std::chrono::days{30}};
    open.token = digest(0);
    open.access_expires_at = now_ + std::chrono::minutes{5};
    open.sessions_max = limits::sessions_per_user_max;
    open.began_at = now_;
    return open;
  }
  OpenedSession open(OpenSession asked) {
    auto opened = wait<OpenedSession>(store().open_session(Call(), std::move(asked), moment(now_)));
    EXPECT_TRUE(opened) << opened.error().detail;
    return opened.value_or(OpenedSession{});
  }
  Rotation rotation(SessionId session, int presented, int successor) const {
    return {.session = session,
            .presented = digest(presented),
            .successor = {.token = digest(successor), .sealed = "sealed " + std::to_string(successor)},
            .access_expires_at = now_ + std::chrono::minutes{5},
            .replay_window = std::chrono::seconds{10}};
  }
  RotationOutcome rotate(SessionId session, int presented, int successor) {
    auto rotated = wait<RotationOutcome>(store().rotate(Call(), rotation(session, presented, successor), moment(now_)));
    EXPECT_TRUE(rotated) << rotated.error().detail;
    return rotated.value_or(RotationOutcome{});
  }
  std::vector<Session> list(std::string user_id = "user-1") {
    return wait<std::vector<Session>>(store().list_sessions(Call(), std::move(user_id), std::nullopt, 1000, now_))
        .value();
  }
  std::vector<Revocation> revoke(RevokeSessions what) {
    return wait<std::vector<Revocation>>(store().revoke(Call(), std::move(what), moment(now_))).value();
  }
  std::vector<std::string> event_types() {
    std::vector<std::string> types;
    for (const auto& event : wait<std::vector<events::Event>>(place_->events()).value())
      types.push_back(event.event_type);
    return types;
  }

  SystemRandom random_;
  WallTime now_{Milliseconds{1'700'000'000'000}};
  Shard shard_{0};
  std::unique_ptr<StorePlace> place_;
};

}  // namespace gatehouse::auth
