#include "app/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::app {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return fail(Code::failed_precondition, "data_folder_unusable",
              fmt::format("the data folder {} cannot be used: {}; choose another with --data-dir", path.string(), why));
}

std::string owner_in(int lock) {  // the process id that the owner wrote into the lock file
  char text[32] = {};
  const auto got = ::pread(lock, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another Gatehouse" : "another Gatehouse (process " + digits + ")";
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return unusable(path, error.message());
  std::filesystem::create_directories(absolute.parent_path(), error);
  if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) return unusable(absolute, std::strerror(errno));
  struct stat status{};
  if (::stat(absolute.c_str(), &status) != 0) return unusable(absolute, std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return unusable(absolute, "it is not a folder");
  if ((status.st_mode & 0077) != 0) {
    if (::chmod(absolute.c_str(), 0700) != 0)
      return unusable(absolute, "others may look into it, and its mode cannot be changed to 0700");
  }
  const auto lock_file = absolute / "lock";
  const int lock = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return unusable(absolute, std::strerror(errno));
  DataFolder folder(absolute, lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0)
    return fail(Code::failed_precondition, "data_folder_in_use",
                fmt::format("{} is using {}: stop it first, or choose another folder with --data-dir", owner_in(lock),
                            absolute.string()));
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return unusable(absolute, std::strerror(errno));
  return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace gatehouse::app
