// The mail queue in notification's own SQLite file. Any shard; the database outlives it.
#pragma once

#include <memory>
#include <string>

#include "drivers/sqlite/database.h"
#include "notification/store.h"

namespace gatehouse::notification {

inline constexpr std::string_view consumer_name = "notification.mail";

[[nodiscard]] std::unique_ptr<MailStore> make_sqlite_store(sqlite::Database& database);

}  // namespace gatehouse::notification
