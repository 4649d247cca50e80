// What the tests of this folder share: a folder that goes away, a shard to call from, and a way to wait.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>

#include "drivers/sqlite/database.h"
#include "runtime/shard.h"

namespace gatehouse::sqlite {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string made = (std::filesystem::temp_directory_path() / "gatehouse-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr) std::abort();
    path_ = made;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

inline constexpr Migration test_tables[] = {
    {1, "0001_items", "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"},
    {2, "0002_tags", "CREATE TABLE tags (item_id INTEGER NOT NULL REFERENCES items (id), tag TEXT NOT NULL) STRICT"},
};

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    shard_.start();
    database_ = open();
  }
  void TearDown() override {
    database_.reset();
    shard_.stop();
  }
  std::unique_ptr<Database> open(std::string vfs = {}) {
    auto opened = Database::open({.file = folder_ / "test.db", .readers = 2, .vfs = std::move(vfs)}, test_tables, clock_);
    EXPECT_TRUE(opened) << opened.error().detail;
    return opened ? std::move(*opened) : nullptr;
  }
  template <class T>
  std::future<Result<T>> begin(Task<T> task) {
    return asio::co_spawn(shard_.executor(), std::move(task), asio::use_future);
  }
  template <class T>
  Result<T> wait(Task<T> task) {
    return begin<T>(std::move(task)).get();
  }

  static auto insert_item(std::string name) {
    return [name = std::move(name)](Connection& connection) -> Result<std::int64_t> {
      return connection.execute("INSERT INTO items (name) VALUES (?)", name);
    };
  }
  Result<std::int64_t> add(std::string name) {
    return wait<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item(std::move(name))));
  }
  static Result<std::int64_t> count_items(Connection& connection) {
    auto row = connection.query("SELECT count(*) FROM items");
    if (!row) return pass(row);
    auto has = row->step();
    if (!has) return pass(has);
    return row->integer(0);
  }
  Result<std::int64_t> count() { return wait<std::int64_t>(database_->read<std::int64_t>(Call{}, count_items)); }

  const SystemClock clock_;
  TemporaryFolder folder_;
  Shard shard_{0};
  std::unique_ptr<Database> database_;
};

}  // namespace gatehouse::sqlite
