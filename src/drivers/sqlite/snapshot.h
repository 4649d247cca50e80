// Snapshot: a database as it stands, while others go on writing to it. Several are taken at one moment, between two commits
// of all of them: together they are what a crash at that moment would have left. For a thread that may block.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <stop_token>
#include <vector>

#include "drivers/sqlite/database.h"

namespace gatehouse::sqlite {

class Snapshot {
 public:
  // The writers stand still for as long as it takes to begin a read on each. UNAVAILABLE storage_busy.
  [[nodiscard]] static Result<std::vector<Snapshot>> take(std::span<Database* const> databases);

  // Into a new file (mode 0600), synced. UNAVAILABLE closing when stopped; what is there then is no database.
  [[nodiscard]] Done copy_to(const std::filesystem::path& file, const std::stop_token& stop) const;

 private:
  explicit Snapshot(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  [[nodiscard]] Done begin() const;
  std::unique_ptr<Connection> connection_;
};

}  // namespace gatehouse::sqlite
