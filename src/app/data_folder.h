// The data folder: ours alone, mode 0700, and used by one process at a time. Holds the lock (flock on <folder>/lock) as
// long as it lives; the kernel lets go of it however the process ends. A folder that somebody else owns or may look
// into, or that holds anything but our data, is refused and left as it was.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace gatehouse::app {

inline constexpr std::string_view database_roles[] = {"identity", "credential", "auth", "account", "notification"};

class DataFolder {
 public:
  // FAILED_PRECONDITION data_folder_in_use | data_folder_not_ours | data_folder_unusable, each with one sentence for a person.
  // Makes the folder when there is none.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path);
  // The folder of an instance that has been started before: makes nothing. Also data_folder_empty.
  [[nodiscard]] static Result<DataFolder> open_existing(const std::filesystem::path& path);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }  // absolute
  [[nodiscard]] std::filesystem::path database(std::string_view role) const {
    return path_ / (std::string(role) + ".db");
  }
  [[nodiscard]] std::filesystem::path control_socket() const { return path_ / "control.sock"; }
  // There while the databases are made for the first time: then one that is missing was not lost.
  [[nodiscard]] std::filesystem::path first_start_mark() const { return path_ / "first-start"; }

 private:
  static Result<DataFolder> lock(std::filesystem::path path);
  DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace gatehouse::app
