#include "drivers/sqlite/snapshot.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <thread>

#include "drivers/sqlite/database_fixture_test.h"

namespace gatehouse::sqlite {
namespace {

std::int64_t items_in(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  Connection connection(opened);
  auto row = connection.query("SELECT count(*) FROM items");
  EXPECT_TRUE(row) << row.error().detail;
  return row && row->step() ? row->integer(0) : -1;
}

// Two databases, of which the second is written only after the first.
class SnapshotTest : public DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    second_ = std::move(*Database::open({.file = folder_ / "second.db"}, test_tables, clock_));
  }
  void TearDown() override {
    second_.reset();
    DatabaseTest::TearDown();
  }
  Result<std::vector<Snapshot>> take() {
    Database* const both[] = {database_.get(), second_.get()};
    return Snapshot::take(both);
  }
  std::unique_ptr<Database> second_;
};

TEST_F(SnapshotTest, a_copy_is_a_database_of_the_owners_alone_with_what_was_there) {
  ASSERT_TRUE(add("one"));
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().detail;
  ASSERT_TRUE(add("two"));
  ASSERT_TRUE(taken->at(0).copy_to(folder_ / "copy.db", {}));
  EXPECT_EQ(items_in(folder_ / "copy.db"), 1);
  struct stat found{};
  ASSERT_EQ(::stat((folder_ / "copy.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  EXPECT_FALSE(taken->at(0).copy_to(folder_ / "copy.db", {})) << "what is there already is left alone";
}

TEST_F(SnapshotTest, several_are_of_one_moment_while_others_write) {
  std::atomic<bool> is_over{false};
  std::atomic<int> written{0};
  std::thread writing([&] {
    for (int i = 0; !is_over; ++i) {
      const auto name = std::to_string(i);
      if (!wait<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item(name)))) break;
      if (!wait<std::int64_t>(second_->write<std::int64_t>(Call{}, insert_item(name)))) break;
      ++written;
    }
  });
  for (int round = 0; round < 20; ++round) {
    for (const int before = written; written < before + 3;) std::this_thread::yield();
    const auto taken = take();
    ASSERT_TRUE(taken) << taken.error().detail;
    const auto files = std::array{folder_ / (std::to_string(round) + "a.db"), folder_ / (std::to_string(round) + "b.db")};
    for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(taken->at(i).copy_to(files[i], {}));
    const auto ahead = items_in(files[0]) - items_in(files[1]);
    EXPECT_TRUE(ahead == 0 || ahead == 1) << ahead;
  }
  is_over = true;
  writing.join();
}

TEST_F(SnapshotTest, a_copy_that_is_stopped_is_none) {
  for (int i = 0; i < 2'000; ++i) ASSERT_TRUE(add(std::to_string(i) + std::string(2'000, 'x')));
  const auto taken = take();
  ASSERT_TRUE(taken);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(taken->at(0).copy_to(folder_ / "copy.db", stop.get_token()).error().reason, "closing");
}

}  // namespace
}  // namespace gatehouse::sqlite
