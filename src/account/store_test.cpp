#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <thread>

#include "account/adapters/sqlite_store.h"
#include "account/memory_store.h"
#include "account/store_contract.h"
#include "account/wire.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::account {
namespace {

class InMemory {
 public:
  Store& store() { return store_; }
  Task<std::vector<events::Event>> said() { co_return store_.said; }

 private:
  MemoryStore store_;
};

// A database in a folder of its own that goes with it.
class OnSqlite {
 public:
  OnSqlite() {
    SystemRandom random;
    folder_ = std::filesystem::temp_directory_path() / ("account-" + Uuid::make_v7(clock_.wall(), random).str());
    std::filesystem::create_directory(folder_);
    database_ = sqlite::Database::open({.file = folder_ / "account.db"}, sqlite_migrations(), clock_).value();
    log_ = sqlite::make_event_log(*database_, events::topic_account);
    store_ = std::make_unique<SqliteStore>(*database_);
  }
  OnSqlite(const OnSqlite&) = delete;
  OnSqlite& operator=(const OnSqlite&) = delete;
  ~OnSqlite() {
    database_->close();
    std::filesystem::remove_all(folder_);
  }
  Store& store() { return *store_; }
  Task<std::vector<events::Event>> said() {
    const Call call{};
    const auto logged = co_await log_->read(call, 0, 100);
    if (!logged) co_return pass(logged);
    std::vector<events::Event> events;
    for (const auto& one : *logged) events.push_back(one.event);
    co_return events;
  }

 private:
  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<sqlite::Database> database_;
  std::unique_ptr<events::EventLog> log_;
  std::unique_ptr<SqliteStore> store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(InMemory, StoreContract, InMemory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreContract, OnSqlite);

TEST(SqliteAccountStore, S96_two_admins_who_remove_each_other_at_once_leave_one) {
  OnSqlite made;
  std::array<Shard, 2> shards{Shard{0}, Shard{1}};
  for (auto& shard : shards) shard.start();
  const std::array<std::string, 2> admins{"018bcfe5-687b-7000-8000-00000000000a", "018bcfe5-687b-7000-8000-00000000000b"};
  const auto event = [](const std::string& subject, int number) {
    events::Event one;
    one.event_id = "018bcfe5-687b-7000-8000-0000000" + std::to_string(10'000 + number);
    one.event_type = "role.changed";
    one.source = "account";
    one.subject = subject;
    return one;
  };
  int number = 0;
  for (int round = 0; round < 20; ++round) {
    std::array<std::future<Result<bool>>, 2> outcomes;
    for (const auto& admin : admins) {
      auto assigned = made.store().assign(Call{}, admin, "admin", event(admin, ++number));
      ASSERT_TRUE(asio::co_spawn(shards[0].executor(), std::move(assigned), asio::use_future).get());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      auto removed = made.store().remove(Call{}, admins[i], "admin", event(admins[i], ++number));
      outcomes[i] = asio::co_spawn(shards[i].executor(), std::move(removed), asio::use_future);
    }
    const bool first = outcomes[0].get().has_value(), second = outcomes[1].get().has_value();
    EXPECT_NE(first, second);
  }
  for (auto& shard : shards) shard.stop();
}

}  // namespace
}  // namespace gatehouse::account
