// What the tests of the queue share: a database, an identity that knows keys, means of sending that obey, and events.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "base/id.h"
#include "crypto/aead.h"
#include "drivers/mail/eml_sender.h"
#include "drivers/sqlite/inbox.h"
#include "drivers/sqlite/outbox.h"
#include "json/writer.h"
#include "notification/adapters/mail_outgoing.h"
#include "notification/adapters/sqlite_store.h"
#include "notification/dispatcher.h"
#include "notification/fake_identity_test.h"
#include "notification/mail_consumer.h"
#include "notification/sealed.h"
#include "notification/wire.h"
#include "telemetry/log.h"

namespace gatehouse::notification {

inline constexpr std::string_view code = "90817263";

// Fails as often as told, and remembers what it sent.
class ScriptedOutgoing final : public Outgoing {
 public:
  Task<void> send(Call, Letter letter, std::string id, WallTime) override {
    ++tries;
    if (failures != 0) {
      --failures;
      co_return fail(failure, "scripted", "scripted");
    }
    sent.push_back(std::move(letter));
    ids.push_back(std::move(id));
    co_return Done{};
  }
  int tries = 0, failures = 0;
  Code failure = Code::unavailable;
  std::vector<Letter> sent;
  std::vector<std::string> ids;
};

class MailQueueTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "gatehouse-notification-XXXXXX").string();
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder_ = made;
    shard_.start();
    database_ = open("notification.db", sqlite_migrations());
    store_ = make_sqlite_store(*database_);
    consumer_.emplace(MailConsumer::Needs{*store_, identity_, product_name_, clock_, random_, metrics_});
    const Dispatcher::Needs needs{*store_, outgoing_, identity_, clock_, random_, metrics_};
    dispatcher_.emplace(needs);
  }
  void TearDown() override {
    database_.reset();
    shard_.stop();
    std::filesystem::remove_all(folder_);
  }
  std::unique_ptr<sqlite::Database> open(std::string_view name, std::span<const sqlite::Migration> migrations) {
    auto opened = sqlite::Database::open({.file = folder_ / name}, migrations, clock_);
    EXPECT_TRUE(opened) << opened.error().detail;
    return std::move(*opened);
  }
  template <class T>
  T wait(Async<T> task) {
    return asio::co_spawn(shard_.executor(), std::move(task), asio::use_future).get();
  }

  events::Event sealed_event(std::string type, std::string key_id, const std::string& data) {
    events::Event event{.event_id = Uuid::make_v7(clock_.wall(), random_).str(),
                        .event_type = std::move(type),
                        .source = "identity",
                        .subject = "user-of-" + key_id,
                        .subject_version = 1,
                        .occurred_at = clock_.wall(),
                        .correlation_id = "c-1",
                        .key_id = key_id};
    if (!identity_.keys.contains(key_id)) identity_.add_key(key_id, random_);
    event.data.clear();
    json::Writer(event.data).string(to_base64url(crypto::seal(subject_key(identity_.keys.at(key_id)).value(), data, event.event_id, random_)));
    return event;
  }
  events::Event user_created(const std::string& key_id = "u1") {
    return sealed_event("user.created.v1", key_id, R"({"username":"alice","email":"alice@example.com","locale":"en"})");
  }
  events::Event challenge_created(const std::string& key_id = "c1", const std::string& purpose = "verify", const std::string& origin = "somebody") {
    return sealed_event("challenge.created.v1", key_id,
                        R"({"type":"email","purpose":")" + purpose + R"(","value":"bob@example.com","locale":"de","origin":")" + origin +
                            R"(","code":")" + std::string(code) +
                            R"(","expires_at":")" + to_rfc3339(clock_.wall() + std::chrono::minutes{10}) + "\"}");
  }
  Result<void> handle(const events::Event& event) { return wait(consumer_->handle(Call{}, event)); }
  Result<bool> send_next() { return wait(dispatcher_->send_next()); }
  std::vector<events::LoggedEvent> told() {
    const auto log = sqlite::make_event_log(*database_, events::topic_notification);
    return wait(log->read(Call{}, 0, 1000)).value();
  }
  std::string everything_on_disk() {
    std::stringstream all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.is_regular_file()) all << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    return all.str();
  }
  std::int64_t queued() {
    auto job = [](sqlite::Connection& connection) -> Result<std::int64_t> {
      auto row = connection.query("SELECT count(*) FROM mail_queue WHERE length(box) > 0");
      if (!row || !row->step()) return internal("count");
      return row->integer(0);
    };
    return wait(database_->read<std::int64_t>(Call{}, job)).value();
  }

  ManualClock clock_;  // moved only while no job runs
  SeededRandom random_{3};
  telemetry::Metrics metrics_;
  std::filesystem::path folder_;
  Shard shard_{0};
  FakeIdentity identity_;
  const std::string product_name_ = "Torhaus";
  ScriptedOutgoing outgoing_;
  std::unique_ptr<sqlite::Database> database_;
  std::unique_ptr<MailStore> store_;
  std::optional<MailConsumer> consumer_;
  std::optional<Dispatcher> dispatcher_;
};

}  // namespace gatehouse::notification
