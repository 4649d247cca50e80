#include "auth/adapters/sqlite_store.h"

#include "auth/adapters/sqlite_place_test.h"

namespace gatehouse::auth {

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract, ::testing::Values([]() -> std::unique_ptr<StorePlace> {
                           return std::make_unique<SqlitePlace>();
                         }),
                         [](const auto&) { return "embedded"; });

}  // namespace gatehouse::auth
