// What every store of the credential role must do, as tests (store_contract_test.cpp). An adapter's test makes a
// StorePlace and instantiates the suite over it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "credential/store.h"
#include "runtime/shard.h"

namespace gatehouse::credential {

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

  static Digest digest(std::string_view text) {
    Digest made{};
    for (std::size_t i = 0; i < text.size() && i < made.size(); ++i) made[i] = static_cast<std::uint8_t>(text[i]);
    return made;
  }
  // An attempt as the service would make it of these words.
  static Attempt attempt(const std::string& account, const std::string& source, std::string user_id = {}) {
    return {.keys = {.account_source = digest("as " + account + source),
                     .source = digest("s " + source),
                     .account = digest("a " + account)},
            .user_id = std::move(user_id)};
  }
  Moment moment() const { return {.at = now_, .correlation_id = "c-1", .trace_parent = ""}; }
  BegunAttempt begin_attempt(const Attempt& attempt) {
    auto begun = wait<BegunAttempt>(store().begin_attempt(Call(), attempt, now_));
    EXPECT_TRUE(begun) << begun.error().detail;
    return begun ? *std::move(begun) : BegunAttempt{};
  }
  // An attempt that fails.
  BegunAttempt fail_attempt(const Attempt& attempt) {
    auto begun = begin_attempt(attempt);
    if (begun.decision.is_admitted()) EXPECT_TRUE(wait<void>(store().fail_attempt(Call(), attempt, moment())));
    return begun;
  }
  Result<bool> save(std::string phc) {
    NewPassword password{.user_id = "user-1", .phc = std::move(phc), .unicode_version = "15"};
    return wait<bool>(store().save_password(Call(), std::move(password), moment()));
  }
  Result<std::int64_t> replace(std::string phc, std::optional<std::int64_t> expected = {}) {
    Replacement replacement{.password = {.user_id = "user-1", .phc = std::move(phc), .unicode_version = "15"},
                            .expected_version = expected,
                            .kept_session_id = ""};
    return wait<std::int64_t>(store().replace_password(Call(), std::move(replacement), moment()));
  }
  std::string load() {
    const auto stored = wait<std::optional<StoredPassword>>(store().load_password(Call(), "user-1")).value();
    return stored ? stored->phc : "none";
  }
  std::vector<std::string> event_types() {
    std::vector<std::string> types;
    for (const auto& event : wait<std::vector<events::Event>>(place_->events()).value())
      types.push_back(event.event_type);
    return types;
  }

  WallTime now_{Milliseconds{1'700'000'000'000}};
  Shard shard_{0};
  std::unique_ptr<StorePlace> place_;
};

}  // namespace gatehouse::credential
