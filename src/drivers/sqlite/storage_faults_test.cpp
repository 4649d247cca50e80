#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "drivers/sqlite/database_fixture_test.h"
#include "drivers/sqlite/fault_vfs_test.h"

namespace gatehouse::sqlite {
namespace {

class StorageFaults : public DatabaseTest {
 protected:
  void SetUp() override {
    shard_.start();
    database_ = open(faulty_vfs());
  }
  void TearDown() override {
    faults().disk_is_full = false;
    faults().sync_fails = false;
    DatabaseTest::TearDown();
  }
};

TEST_F(StorageFaults, a_full_disk_refuses_writes_with_reads_going_on_and_recovers_by_itself) {
  ASSERT_TRUE(add("before"));
  faults().disk_is_full = true;
  for (int i = 0; i < 3; ++i) {
    const auto refused = add("during " + std::to_string(i));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(refused.error().reason, "storage_full");
    EXPECT_GT(refused.error().retry_after_ms, 0U);
    EXPECT_EQ(count().value(), 1);
  }
  EXPECT_EQ(database_->stats().failed_commits, 3U);
  faults().disk_is_full = false;
  ASSERT_TRUE(add("after"));
  EXPECT_EQ(count().value(), 2);
}

TEST_F(StorageFaults, a_failed_sync_acknowledges_nothing_and_recovers_by_itself) {
  ASSERT_TRUE(add("before"));
  faults().sync_fails = true;
  const auto refused = add("during");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  faults().sync_fails = false;
  ASSERT_TRUE(add("during"));
  EXPECT_EQ(count().value(), 2);
}

TEST_F(StorageFaults, when_the_commit_fails_every_job_of_the_batch_fails_with_it) {
  std::vector<std::future<Result<std::int64_t>>> batch;
  faults().disk_is_full = true;
  for (int i = 0; i < 20; ++i)
    batch.push_back(begin<std::int64_t>(database_->write<std::int64_t>(Call{}, insert_item(std::to_string(i % 10)))));
  for (auto& one : batch) {
    const auto result = one.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().reason, "storage_full");  // never unique_violation against a row that does not exist
  }
  faults().disk_is_full = false;
  EXPECT_EQ(count().value(), 0);
}

TEST_F(StorageFaults, a_database_that_may_not_grow_is_full_and_small_writes_go_on_once_it_may) {
  auto set_max = [](Connection& connection) { return connection.execute("PRAGMA max_page_count = 40"); };
  ASSERT_TRUE(wait<std::int64_t>(database_->write<std::int64_t>(Call{}, set_max)));
  Result<std::int64_t> refused = 0;
  for (int i = 0; i < 200 && refused; ++i) refused = add(std::to_string(i) + std::string(2000, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "storage_full");
  auto lift = [](Connection& connection) { return connection.execute("PRAGMA max_page_count = 4000000"); };
  ASSERT_TRUE(wait<std::int64_t>(database_->write<std::int64_t>(Call{}, lift)));
  EXPECT_TRUE(add(std::string(2000, 'y')));
}

Async<void> write_for_ever(Database& database, int pipe, int from) {
  for (std::int64_t number = from;; number += 16) {
    auto insert = [number](Connection& connection) -> Result<std::int64_t> {
      return connection.execute("INSERT INTO items (id, name) VALUES (?, ?)", number, std::to_string(number));
    };
    const auto written = co_await database.write<std::int64_t>(Call(), insert);
    if (!written || ::write(pipe, &number, sizeof number) != sizeof number) co_return;
  }
}

[[noreturn]] void be_a_writer(const std::filesystem::path& file, int pipe) {
  const SystemClock clock;
  auto opened = Database::open({.file = file}, test_tables, clock);
  if (!opened) ::_exit(1);
  Shard shard(0);
  shard.start();
  for (int lane = 1; lane <= 16; ++lane) asio::co_spawn(shard.executor(), write_for_ever(**opened, pipe, lane), [](std::exception_ptr) {});
  for (;;) ::pause();
}

TEST(Durability, whatever_was_acknowledged_before_kill_9_is_there_afterwards) {
  TemporaryFolder folder;
  std::set<std::int64_t> acknowledged;
  for (int round = 0; round < 3; ++round) {
    const auto file = folder / (std::to_string(round) + ".db");
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) be_a_writer(file, ends[1]);
    ::close(ends[1]);
    std::int64_t number = 0;
    acknowledged.clear();
    const std::size_t enough = 50 + 333 * static_cast<std::size_t>(round);
    while (acknowledged.size() < enough && ::read(ends[0], &number, sizeof number) == sizeof number) acknowledged.insert(number);
    ::kill(child, SIGKILL);
    while (::read(ends[0], &number, sizeof number) == sizeof number) acknowledged.insert(number);
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    ASSERT_GE(acknowledged.size(), enough);

    const SystemClock clock;
    auto opened = Database::open({.file = file}, test_tables, clock);
    ASSERT_TRUE(opened) << opened.error().detail;
    auto ids = [](Connection& connection) -> Result<std::set<std::int64_t>> {
      std::set<std::int64_t> found;
      auto row = connection.query("SELECT id FROM items");
      if (!row) return pass(row);
      for (auto has = row->step(); has && *has; has = row->step()) found.insert(row->integer(0));
      return found;
    };
    Shard shard(0);
    shard.start();
    const auto found = asio::co_spawn(shard.executor(), (*opened)->read<std::set<std::int64_t>>(Call{}, ids), asio::use_future).get();
    (*opened)->close();
    shard.stop();
    ASSERT_TRUE(found);
    for (const auto id : acknowledged) EXPECT_TRUE(found->contains(id)) << id;
  }
}

TEST_F(DatabaseTest, F39_a_readiness_check_ends_at_its_deadline_although_every_reader_hangs) {
  std::promise<void> thaw;
  const auto thawed = thaw.get_future().share();
  std::vector<std::future<Result<void>>> hanging;
  for (int i = 0; i < 2; ++i) {  // the readers there are
    auto hangs = std::make_shared<std::promise<void>>();
    auto job = [hangs, thawed](Connection&) -> Done {
      hangs->set_value();
      thawed.wait();
      return {};
    };
    hanging.push_back(begin<void>(database_->read<void>(Call{}, job)));
    hangs->get_future().wait();
  }
  Call call;
  call.deadline = clock_.steady() + Milliseconds{20};
  EXPECT_EQ(wait<void>(database_->check(call)).error().code, Code::deadline_exceeded);
  thaw.set_value();
  for (auto& answer : hanging) EXPECT_TRUE(answer.get());
  EXPECT_TRUE(wait<void>(database_->check(Call{})));
}

}  // namespace
}  // namespace gatehouse::sqlite
