// A SQLite database of the credential role in a folder of its own, for tests.
#pragma once

#include "credential/adapters/sqlite_store.h"
#include "credential/store_contract.h"
#include "credential/wire.h"
#include "drivers/sqlite/database_fixture_test.h"
#include "drivers/sqlite/outbox.h"

namespace gatehouse::credential {

class SqlitePlace final : public StorePlace {
 public:
  SqlitePlace() { open(); }
  ~SqlitePlace() override { close(); }
  Store& store() override { return *store_; }
  sqlite::Database& database() { return *database_; }
  InFlight& in_flight() { return *in_flight_; }
  [[nodiscard]] std::filesystem::path file() const { return folder_ / "credential.db"; }
  void restart() override {
    close();
    open();
  }
  Task<std::vector<events::Event>> events() override {
    auto logged = co_await log_->read(Call(), 0, 100'000);
    if (!logged) co_return pass(logged);
    std::vector<events::Event> found;
    for (auto& one : *logged) found.push_back(std::move(one.event));
    co_return found;
  }

 private:
  void open() {
    auto opened = sqlite::Database::open({.file = file(), .readers = 1}, sqlite_migrations(), clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
    database_ = std::move(*opened);
    in_flight_ = std::make_unique<InFlight>();
    store_ = make_sqlite_store(*database_, *in_flight_, random_);
    log_ = sqlite::make_event_log(*database_, events::topic_credential);
  }
  void close() {
    log_.reset();
    store_.reset();
    database_.reset();
  }
  SystemClock clock_;
  SystemRandom random_;
  sqlite::TemporaryFolder folder_;
  std::unique_ptr<sqlite::Database> database_;
  std::unique_ptr<InFlight> in_flight_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<events::EventLog> log_;
};

}  // namespace gatehouse::credential
