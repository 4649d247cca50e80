#include "credential/adapters/sqlite_store.h"

#include "credential/adapters/sqlite_place_test.h"

namespace gatehouse::credential {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values([]() -> std::unique_ptr<StorePlace> {
                           return std::make_unique<SqlitePlace>();
                         }),
                         [](const auto&) { return "embedded"; });

}  // namespace gatehouse::credential
