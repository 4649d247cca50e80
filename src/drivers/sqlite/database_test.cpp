#include "drivers/sqlite/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <latch>

#include "base/limits.h"
#include "drivers/sqlite/database_fixture_test.h"
#include "drivers/sqlite/open.h"

namespace gatehouse::sqlite {
namespace {

TEST_F(DatabaseTest, a_write_is_seen_by_the_next_read) {
  for (int i = 1; i <= 50; ++i) {
    ASSERT_TRUE(add("item " + std::to_string(i)));
    EXPECT_EQ(count().value(), i);
  }
}

TEST_F(DatabaseTest, a_broken_unique_constraint_is_already_exists) {
  ASSERT_TRUE(add("one"));
  const auto again = add("one");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::already_exists);
  EXPECT_EQ(again.error().reason, "unique_violation");
}

TEST_F(DatabaseTest, a_missing_parent_is_refused) {
  auto orphan = [](Connection& connection) { return connection.execute("INSERT INTO tags VALUES (7, 'x')"); };
  const auto refused = wait<std::int64_t>(database_->write<std::int64_t>(Call{}, orphan));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "constraint_violation");
}

TEST_F(DatabaseTest, a_value_comes_back_as_it_went_in_null_byte_and_all) {
  const std::string odd("a\0b\xff", 4);
  auto round_trip = [odd](Connection& connection) -> Result<std::string> {
    auto row = connection.query("SELECT ?, ?, ?, ?", Blob{odd}, std::int64_t{-5}, nullptr, std::optional<std::string>());
    if (!row) return pass(row);
    auto has = row->step();
    if (!has || !*has || row->integer(1) != -5 || !row->is_null(2) || !row->is_null(3)) return internal("not as bound");
    return row->text(0);
  };
  EXPECT_EQ(wait<std::string>(database_->read<std::string>(Call{}, round_trip)).value(), odd);
}

// Holds the writer inside a job so that everything behind it becomes one batch.
class HeldWriter {
 public:
  auto job() {
    return [this](Connection&) -> Result<int> {
      entered_.count_down();
      release_.wait();
      return 0;
    };
  }
  void wait_until_inside() { entered_.wait(); }
  void let_go() { release_.count_down(); }

 private:
  std::latch entered_{1}, release_{1};
};

TEST_F(DatabaseTest, a_job_that_fails_inside_a_batch_undoes_itself_alone) {
  HeldWriter held;
  auto first = begin<int>(database_->write<int>(Call{}, held.job()));
  held.wait_until_inside();
  auto one = begin<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item("one")));
  auto half = [](Connection& connection) -> Result<std::int64_t> {
    auto inserted = connection.execute("INSERT INTO items (name) VALUES ('half')");
    if (!inserted) return inserted;
    return connection.execute("INSERT INTO items (name) VALUES ('one')");
  };
  auto failing = begin<std::int64_t>(database_->write<std::int64_t>(Call{}, half));
  auto throwing = [](Connection& connection) -> Result<std::int64_t> {
    (void)connection.execute("INSERT INTO items (name) VALUES ('thrown')");
    throw std::runtime_error("boom");
  };
  auto thrown = begin<std::int64_t>(database_->write<std::int64_t>(Call{}, throwing));
  auto two = begin<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item("two")));
  while (database_->stats().queued < 4) std::this_thread::yield();
  held.let_go();
  EXPECT_TRUE(first.get());
  EXPECT_TRUE(one.get());
  EXPECT_EQ(failing.get().error().reason, "unique_violation");
  EXPECT_EQ(thrown.get().error().code, Code::internal);
  EXPECT_TRUE(two.get());
  EXPECT_EQ(count().value(), 2);
  EXPECT_EQ(database_->stats().commits, 2U);  // the held job's, and one for the batch behind it
}

TEST_F(DatabaseTest, a_job_whose_turn_comes_too_late_is_refused_unrun) {
  Call call;
  call.deadline = clock_.steady();
  const auto late = wait<std::int64_t>(database_->write<std::int64_t>(call, insert_item("late")));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::deadline_exceeded);
  const auto late_read = wait<std::int64_t>(database_->read<std::int64_t>(call, count_items));
  ASSERT_FALSE(late_read);
  EXPECT_EQ(late_read.error().code, Code::deadline_exceeded);
  EXPECT_EQ(count().value(), 0);
}

TEST_F(DatabaseTest, a_full_queue_refuses_at_once_and_reads_go_on) {
  HeldWriter held;
  auto first = begin<int>(database_->write<int>(Call{}, held.job()));
  held.wait_until_inside();
  std::vector<std::future<Result<int>>> waiting;
  for (std::size_t i = 0; i < limits::database_queue_max; ++i)
    waiting.push_back(begin<int>(database_->write<int>(Call{}, [](Connection&) -> Result<int> { return 1; })));
  while (database_->stats().queued < limits::database_queue_max) std::this_thread::yield();
  const auto refused = add("one too many");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "overloaded");
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(count().value(), 0);
  held.let_go();
  for (auto& one : waiting) EXPECT_TRUE(one.get());
  EXPECT_TRUE(first.get());
}

TEST_F(DatabaseTest, closing_finishes_what_is_queued_and_refuses_the_rest) {
  std::vector<std::future<Result<std::int64_t>>> queued;
  for (int i = 0; i < 100; ++i)
    queued.push_back(begin<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item(std::to_string(i)))));
  for (auto& one : queued) EXPECT_TRUE(one.get());
  database_->close();
  database_->close();
  const auto refused = add("after");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "closing");
  database_ = open();
  EXPECT_EQ(count().value(), 100);
}

TEST_F(DatabaseTest, its_files_are_the_owners_alone) {
  ASSERT_TRUE(add("one"));
  for (const auto* name : {"test.db", "test.db-wal", "test.db-shm"}) {
    struct stat found{};
    ASSERT_EQ(::stat((folder_ / name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777, 0600U) << name;
  }
}

TEST_F(DatabaseTest, a_file_that_others_could_read_is_closed_to_them) {
  database_.reset();
  ASSERT_EQ(::chmod((folder_ / "test.db").c_str(), 0644), 0);
  database_ = open();
  struct stat found{};
  ASSERT_EQ(::stat((folder_ / "test.db").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
}

TEST_F(DatabaseTest, every_commit_is_synced_and_the_schema_is_not_trusted) {
  auto look = [](Connection& connection) -> Result<std::string> {
    std::string found;
    for (const auto* pragma : {"PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA trusted_schema",
                               "PRAGMA secure_delete", "PRAGMA cell_size_check"}) {
      auto row = connection.query(pragma);
      if (!row) return pass(row);
      auto has = row->step();
      if (!has) return pass(has);
      found += row->text(0) + " ";
    }
    return found;
  };
  EXPECT_EQ(wait<std::string>(database_->write<std::string>(Call{}, look)).value(), "wal 2 1 0 1 1 ");
}

TEST_F(DatabaseTest, a_reader_cannot_write) {
  auto sneak = [](Connection& connection) { return connection.execute("INSERT INTO items (name) VALUES ('x')"); };
  EXPECT_FALSE(wait<std::int64_t>(database_->read<std::int64_t>(Call{}, sneak)));
  EXPECT_EQ(count().value(), 0);
}

TEST_F(DatabaseTest, a_second_process_may_read_the_file_meanwhile) {
  ASSERT_TRUE(add("one"));
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open_v2((folder_ / "test.db").c_str(), &other, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  Connection connection(other);
  EXPECT_EQ(count_items(connection).value(), 1);
}

TEST_F(DatabaseTest, a_statement_is_not_confused_by_another_one_at_its_address) {
  auto reuse = [](Connection& connection) -> Result<std::int64_t> {
    std::string sql = "SELECT 1";
    std::int64_t sum = 0;
    for (const char digit : {'1', '2', '3'}) {
      sql.back() = digit;
      auto row = connection.query(sql.c_str());
      if (!row) return pass(row);
      auto has = row->step();
      if (!has) return pass(has);
      sum += row->integer(0);
    }
    return sum;
  };
  EXPECT_EQ(wait<std::int64_t>(database_->read<std::int64_t>(Call{}, reuse)).value(), 6);
}

TEST_F(DatabaseTest, is_ready_when_it_can_be_read) { EXPECT_TRUE(wait<void>(database_->check(Call{}))); }

TEST_F(DatabaseTest, migrations_are_applied_once_in_order_and_remembered) {
  database_.reset();
  constexpr Migration more[] = {test_tables[0], test_tables[1], {3, "0003_seed", "INSERT INTO items (name) VALUES ('seed')"}};
  for (int i = 0; i < 2; ++i) {
    auto opened = Database::open({.file = folder_ / "test.db"}, more, clock_);
    ASSERT_TRUE(opened) << opened.error().detail;
  }
  database_ = std::move(*Database::open({.file = folder_ / "test.db"}, more, clock_));
  EXPECT_EQ(count().value(), 1);
}

TEST_F(DatabaseTest, a_file_from_a_newer_program_is_refused_untouched) {
  database_.reset();
  const auto older = Database::open({.file = folder_ / "test.db"}, std::span(test_tables).first(1), clock_);
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().reason, "schema_newer");
}

TEST_F(DatabaseTest, a_file_made_by_other_migrations_is_refused) {
  database_.reset();
  constexpr Migration others[] = {{1, "0001_other", "SELECT 1"}, test_tables[1]};
  const auto opened = Database::open({.file = folder_ / "test.db"}, others, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "schema_mismatch");
}

TEST_F(DatabaseTest, a_file_whose_migration_was_edited_since_is_refused) {
  database_.reset();
  constexpr Migration edited[] = {test_tables[0], {2, "0002_tags", "CREATE TABLE tags (item_id INTEGER NOT NULL) STRICT"}};
  const auto opened = Database::open({.file = folder_ / "test.db"}, edited, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "schema_mismatch");
  EXPECT_NE(opened.error().detail.find("0002_tags"), std::string::npos) << opened.error().detail;
}

TEST_F(DatabaseTest, a_migration_that_fails_leaves_nothing_behind) {
  database_.reset();
  constexpr Migration broken[] = {test_tables[0], test_tables[1], {3, "0003_broken", "CREATE TABLE x (a) STRICT; CREATE TABLE half (a INT)"}};
  ASSERT_FALSE(Database::open({.file = folder_ / "test.db"}, broken, clock_));
  constexpr Migration fixed[] = {test_tables[0], test_tables[1], {3, "0003_broken", "CREATE TABLE half (a INT)"}};
  EXPECT_TRUE(Database::open({.file = folder_ / "test.db"}, fixed, clock_));
}

TEST_F(DatabaseTest, a_file_that_is_no_database_is_data_loss) {
  const auto file = folder_ / "junk.db";
  FILE* junk = std::fopen(file.c_str(), "w");
  for (int i = 0; i < 5000; ++i) std::fputs("junk", junk);
  std::fclose(junk);
  const auto opened = Database::open({.file = file}, test_tables, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::data_loss);
  EXPECT_EQ(opened.error().reason, "storage_corrupt");
}

TEST_F(DatabaseTest, a_symbolic_link_is_not_followed) {
  std::filesystem::create_symlink(folder_ / "test.db", folder_ / "link.db");
  const auto opened = Database::open({.file = folder_ / "link.db"}, test_tables, clock_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "storage_not_a_file");
}

TEST_F(DatabaseTest, readers_keep_one_snapshot_for_the_length_of_a_job) {
  ASSERT_TRUE(add("one"));
  std::latch counted{1}, written{1};
  auto twice = [&](Connection& connection) -> Result<std::int64_t> {
    auto before = count_items(connection);
    counted.count_down();
    written.wait();
    auto after = count_items(connection);
    if (!before || !after) return internal("count failed");
    return *after - *before;
  };
  auto difference = begin<std::int64_t>(database_->read<std::int64_t>(Call{}, twice));
  counted.wait();
  ASSERT_TRUE(add("two"));
  written.count_down();
  EXPECT_EQ(difference.get().value(), 0);
}

}  // namespace
}  // namespace gatehouse::sqlite
