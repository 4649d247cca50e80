// Opening a SQLite file the one way we do it, and bringing its schema forward. On the opening thread.
#pragma once

#include <memory>
#include <span>

#include "drivers/sqlite/database.h"

namespace gatehouse::sqlite {

inline constexpr int busy_timeout_ms = 2000;  // another process may hold the file for the length of one transaction

enum class Access : std::uint8_t { write, read };

// A connection with our pragmas: WAL, synchronous=FULL, foreign keys, no trusted schema, deleted content zeroed.
[[nodiscard]] Result<std::unique_ptr<Connection>> open_connection(const DatabaseOptions& options, Access access);

// Whether anything was ever made in the file: FAILED_PRECONDITION database_lost.
[[nodiscard]] Done check_is_ours(Connection& connection, const std::filesystem::path& file);

// Applies the migrations of `component` that the file lacks, each in its own transaction, forward only.
// FAILED_PRECONDITION schema_newer | schema_mismatch (the file was made by other migrations of the same number, or by what was their text then).
[[nodiscard]] Done migrate(Connection& connection, std::string_view component, std::span<const Migration> migrations,
                           const Clock& clock);

// The tables of outbox.h and inbox.h, in every database.
[[nodiscard]] std::span<const Migration> event_migrations();

}  // namespace gatehouse::sqlite
