#include "app/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace gatehouse::app {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return fail(Code::failed_precondition, "data_folder_unusable",
              fmt::format("the data folder {} cannot be used: {}; choose another with --data-dir", path.string(), why));
}

std::unexpected<Error> unusable(const std::filesystem::path& path) { return unusable(path, std::strerror(errno)); }

std::string owner_in(int lock) {  // the process id that the owner wrote into the lock file
  char text[32] = {};
  const auto got = ::pread(lock, text, sizeof text - 1, 0);
  std::string digits;
  for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another Gatehouse" : "another Gatehouse (process " + digits + ")";
}

// What the kernel takes as the path of a socket, its final NUL aside (sun_path).
constexpr std::size_t socket_path_bytes_max = sizeof(sockaddr_un::sun_path) - 1;

Result<std::filesystem::path> absolute_path(const std::filesystem::path& path) {
  std::error_code error;
  auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (error) return unusable(path, error.message());
  const auto socket_bytes = (absolute / "control.sock").native().size();
  if (socket_bytes > socket_path_bytes_max)
    return unusable(absolute, fmt::format("its path is {} octets too long for the control socket in it, whose own may have {}",
                                          socket_bytes - socket_path_bytes_max, socket_path_bytes_max));
  return absolute;
}

bool is_ours(std::string_view name) {
  for (const std::string_view known : {"lock", "keys", "mail", "control.sock", "first-start", "lost+found"})
    if (name == known) return true;
  return std::ranges::any_of(database_roles,
                             [name](std::string_view role) { return name.starts_with(std::string(role) + ".db"); });
}

bool holds_data(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::ranges::any_of(database_roles, [&](std::string_view role) {
    return std::filesystem::exists(path / (std::string(role) + ".db"), ignored);
  });
}

// Nothing in it but what we make, or it has been our folder before.
Done check_content(const std::filesystem::path& path) {
  if (holds_data(path)) return {};
  std::error_code error;
  std::filesystem::directory_iterator entries(path, error);
  if (error) return unusable(path, error.message());
  for (const auto& entry : entries)
    if (!is_ours(entry.path().filename().native()))
      return unusable(path, fmt::format("it holds no Gatehouse data but other things, such as {}",
                                        entry.path().filename().string()));
  return {};
}

Done check_folder(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return unusable(path);
  if (!S_ISDIR(status.st_mode)) return unusable(path, "it is not a folder");
  if (status.st_uid != ::geteuid())
    return fail(Code::failed_precondition, "data_folder_not_ours",
                fmt::format("the data folder {} belongs to user {}, and this process runs as user {}: run it as its owner, or "
                            "choose another with --data-dir",
                            path.string(), status.st_uid, ::geteuid()));
  if (auto checked = check_content(path); !checked) return checked;
  if ((status.st_mode & 0077) != 0) return unusable(path, "others may look into it: its mode must be 0700 (chmod 700)");
  return {};
}

}  // namespace

Result<DataFolder> DataFolder::open(const std::filesystem::path& path) {
  auto absolute = absolute_path(path);
  if (!absolute) return pass(absolute);
  std::error_code ignored;
  std::filesystem::create_directories(absolute->parent_path(), ignored);
  if (::mkdir(absolute->c_str(), 0700) != 0 && errno != EEXIST) return unusable(*absolute);
  return lock(*std::move(absolute));
}

Result<DataFolder> DataFolder::open_existing(const std::filesystem::path& path) {
  auto absolute = absolute_path(path);
  if (!absolute) return pass(absolute);
  if (!holds_data(*absolute))
    return fail(Code::failed_precondition, "data_folder_empty",
                fmt::format("there is no Gatehouse data in {}, or it may not be read: name the folder of your instance with "
                            "--data-dir, or its configuration with --config",
                            absolute->string()));
  return lock(*std::move(absolute));
}

Result<DataFolder> DataFolder::lock(std::filesystem::path path) {
  if (auto checked = check_folder(path); !checked) return pass(checked);
  const auto lock_file = path / "lock";
  const int lock = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (lock < 0 && errno == ELOOP) return unusable(path, "its lock file is a link");
  if (lock < 0) return unusable(path);
  DataFolder folder(std::move(path), lock);
  struct stat status{};
  if (::fstat(lock, &status) != 0) return unusable(folder.path());
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
    return unusable(folder.path(), "its lock file is no file of its own");
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0)
    return fail(Code::failed_precondition, "data_folder_in_use",
                fmt::format("{} is using {}: stop it first, or choose another folder with --data-dir", owner_in(lock),
                            folder.path().string()));
  const auto pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return unusable(folder.path());
  return folder;
}

DataFolder::DataFolder(DataFolder&& other) noexcept
    : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}

DataFolder::~DataFolder() {
  if (lock_ >= 0) ::close(lock_);
}

}  // namespace gatehouse::app
