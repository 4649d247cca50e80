// The store contract on SQLite, on a real file, and what is SQLite's own.
#include "identity/adapters/sqlite_store.h"

#include <fstream>

#include "identity/adapters/sqlite_fixture_test.h"
#include "identity/store_contract_addresses.h"
#include "identity/store_contract_challenges.h"
#include "identity/store_contract_model.h"
#include "identity/store_contract_users.h"

namespace gatehouse::identity {
namespace {

class SqliteBackend {
 public:
  SqliteBackend(ManualClock& clock, Random& random)
      : shard_(0),
        database_(sqlite::Database::open({.file = folder_.path() / "identity.db"}, sqlite_migrations(), clock).value()),
        store_(*database_, master_key_, random),
        log_(sqlite::make_event_log(*database_, events::topic_identity)) {}
  ~SqliteBackend() { database_->close(); }
  Shard& shard() { return shard_; }
  Store& store() { return store_; }
  events::EventLog& log() { return *log_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  void close() { database_->close(); }

 private:
  TemporaryFolder folder_;
  Shard shard_;
  crypto::MasterKey master_key_{SecretKey({1, 2, 3})};
  std::unique_ptr<sqlite::Database> database_;
  SqliteStore store_;
  std::unique_ptr<events::EventLog> log_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreUsers, SqliteBackend);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreAddresses, SqliteBackend);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreChallenges, SqliteBackend);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreModel, SqliteBackend);

class SqliteStoreFile : public StoreContract<SqliteBackend> {
 protected:
  std::string bytes_on_disk() {
    backend.close();
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(backend.folder())) {
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }
};

TEST_F(SqliteStoreFile, S86_no_code_stands_in_the_file) {
  challenge(Purpose::verify, "ann@example.org");
  EXPECT_EQ(bytes_on_disk().find("12345678"), std::string::npos);
}

TEST_F(SqliteStoreFile, an_erased_person_is_not_in_the_file_any_more) {
  const auto ann = create_active("Annabella-Unmistakable");
  ASSERT_TRUE(verify(ann, "annabella@unmistakable.example"));
  ASSERT_TRUE(wait(store().delete_user(now(), id_of(ann), std::nullopt)));
  const auto bytes = bytes_on_disk();
  EXPECT_GT(bytes.size(), 4096U);
  EXPECT_EQ(bytes.find("nnabella-"), std::string::npos);
  EXPECT_EQ(bytes.find("unmistakable.example"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::identity
