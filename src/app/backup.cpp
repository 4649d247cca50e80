#include "app/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

#include "drivers/sqlite/snapshot.h"
#include "json/writer.h"

namespace gatehouse::app {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unusable(const fs::path& path, std::string_view why) {
  return fail(Code::failed_precondition, "backup_folder_unusable",
              fmt::format("The backup cannot be written to {}: {}.", path.string(), why));
}

std::unexpected<Error> unusable(const fs::path& path) { return unusable(path, std::generic_category().message(errno)); }

// Makes the folder, or takes an empty one that is ours, for its owner alone.
Done make_folder(const fs::path& folder) {
  if (!folder.is_absolute()) return unusable(folder, "the path must be absolute");
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  struct stat found{};
  if (errno != EEXIST || ::lstat(folder.c_str(), &found) != 0) return unusable(folder);
  std::error_code error;
  if (!S_ISDIR(found.st_mode)) return unusable(folder, "it is not a folder");
  if (!fs::is_empty(folder, error) || error) return unusable(folder, "it is not empty");
  if (::chmod(folder.c_str(), 0700) != 0) return unusable(folder);
  return {};
}

Done sync(const fs::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW);
  const bool is_synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int why = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_synced) return {};
  errno = why;
  return unusable(path);
}

// The keys beside the databases; those that are kept elsewhere are kept there for a reason.
Done copy_keys(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) return {};
  if (::mkdir(to.c_str(), 0700) != 0) return unusable(to);
  for (const auto& entry : fs::directory_iterator(from, error)) {
    if (!entry.is_regular_file(error)) continue;
    const auto copy = to / entry.path().filename();
    if (!fs::copy_file(entry.path(), copy, error)) return unusable(copy, error.message());
    fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, error);
    if (error) return unusable(copy, error.message());
    if (auto synced = sync(copy, O_RDONLY); !synced) return synced;
  }
  if (error) return unusable(to, error.message());
  return sync(to, O_RDONLY | O_DIRECTORY);
}

Done write_all(const Platform& platform, const fs::path& folder, const std::stop_token& stop) {
  const auto named = platform.databases.all();
  std::vector<sqlite::Database*> databases;
  for (const auto& [role, database] : named) databases.push_back(database);
  const auto snapshots = sqlite::Snapshot::take(databases);
  if (!snapshots) return pass(snapshots);
  for (std::size_t i = 0; i < named.size(); ++i) {
    const auto file = folder / platform.folder.database(named[i].first).filename();
    if (auto copied = (*snapshots)[i].copy_to(file, stop); !copied) return copied;
  }
  if (auto copied = copy_keys(platform.folder.path() / "keys", folder / "keys"); !copied) return copied;
  if (auto synced = sync(folder, O_RDONLY | O_DIRECTORY); !synced) return synced;
  return sync(folder.parent_path(), O_RDONLY | O_DIRECTORY);
}

std::string summary(const Platform& platform, const fs::path& folder) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().field("folder", folder.string()).key("files").begin_array();
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    writer.begin_object().field("file", entry.path().lexically_relative(folder).string());
    writer.field("octets", static_cast<std::int64_t>(entry.file_size())).end_object();
  }
  writer.end_array();
  const auto& config = platform.config;
  for (const auto& [name, file] : {std::pair{"master_key_elsewhere", config.storage.master_key_file},
                                   std::pair{"service_key_elsewhere", config.internal.service_auth_key_file}})
    if (!file.empty()) writer.field(name, file);
  writer.end_object();
  return out;
}

Result<std::string> write_backup(const Platform& platform, const fs::path& folder, const std::stop_token& stop) {
  if (auto made = make_folder(folder); !made) return pass(made);
  Result<std::string> outcome;
  try {
    auto written = write_all(platform, folder, stop);
    outcome = written ? Result<std::string>(summary(platform, folder)) : pass(written);
  } catch (const std::exception& thrown) {  // of std::filesystem, when the folder changes under it
    outcome = unusable(folder, thrown.what());
  }
  std::error_code ignored;
  if (!outcome) fs::remove_all(folder, ignored);  // half a backup looks like a whole one
  return outcome;
}

}  // namespace

Task<std::string> Backup::write(std::string folder) {
  if (is_running_)
    co_return fail(Code::failed_precondition, "backup_running", "Another backup is being written. Wait for its end.");
  is_running_ = true;
  auto work = [this, path = fs::path(folder)] { return write_backup(platform_, path, stop_.get_token()); };
  auto written = co_await pool_.run<std::string>(Call(), std::move(work));
  is_running_ = false;
  co_return written;
}

}  // namespace gatehouse::app
