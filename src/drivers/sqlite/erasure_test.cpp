#include <sqlite3.h>

#include <fstream>

#include "drivers/sqlite/database_fixture_test.h"

namespace gatehouse::sqlite {
namespace {

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class ErasureTest : public DatabaseTest {
 protected:
  Result<std::int64_t> erase() {
    auto job = [](Connection& connection) -> Result<std::int64_t> {
      connection.mark_erasure();
      return connection.execute("DELETE FROM items WHERE name = 'a name to be forgotten'");
    };
    return wait<std::int64_t>(database_->write<std::int64_t>(Call{}, job));
  }
  [[nodiscard]] bool holds_the_name() const {
    for (const auto* file : {"test.db", "test.db-wal"})
      if (contents_of(folder_ / file).find("a name to be forgotten") != std::string::npos) return true;
    return false;
  }
};

// Another process that reads the file and does not come to an end.
class Onlooker {
 public:
  explicit Onlooker(const std::filesystem::path& file) {
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database_, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database_, "BEGIN; SELECT count(*) FROM items", nullptr, nullptr, nullptr), SQLITE_OK);
  }
  ~Onlooker() { sqlite3_close(database_); }
  Onlooker(const Onlooker&) = delete;
  Onlooker& operator=(const Onlooker&) = delete;

 private:
  sqlite3* database_ = nullptr;
};

TEST_F(ErasureTest, what_a_job_marks_as_erased_is_in_neither_file_when_it_returns) {
  ASSERT_TRUE(add("a name to be forgotten"));
  ASSERT_NE(contents_of(folder_ / "test.db-wal").find("a name to be forgotten"), std::string::npos);
  ASSERT_TRUE(erase());
  EXPECT_EQ(contents_of(folder_ / "test.db-wal").find("a name to be forgotten"), std::string::npos);
  EXPECT_EQ(contents_of(folder_ / "test.db").find("a name to be forgotten"), std::string::npos);
}

TEST_F(ErasureTest, nobody_waits_for_one_who_reads_the_file_meanwhile) {
  ASSERT_TRUE(add("a name to be forgotten"));
  const Onlooker onlooker(folder_ / "test.db");
  const auto began = clock_.steady();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(erase());
    ASSERT_TRUE(add("item " + std::to_string(i)));
  }
  EXPECT_LT(clock_.steady() - began, Milliseconds{1'500}) << "each erasure stopped the writer";
}

TEST_F(ErasureTest, what_a_reader_kept_in_the_log_is_gone_soon_after_the_reader) {
  for (const bool is_busy : {false, true}) {
    ASSERT_TRUE(add("a name to be forgotten"));
    {
      const Onlooker onlooker(folder_ / "test.db");
      ASSERT_TRUE(erase());
      EXPECT_TRUE(holds_the_name());
    }
    const auto gone_by = clock_.steady() + std::chrono::seconds{5};
    while (holds_the_name() && clock_.steady() < gone_by)
      if (is_busy) ASSERT_TRUE(add(std::to_string(to_ms(clock_.wall())) + std::to_string(clock_.steady().time_since_epoch().count())));
    EXPECT_FALSE(holds_the_name()) << (is_busy ? "busy" : "quiet");
  }
}

}  // namespace
}  // namespace gatehouse::sqlite
