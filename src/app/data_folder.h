// The data folder: made with mode 0700, and used by one process at a time. Holds the lock (flock on <folder>/lock) as
// long as it lives; the kernel lets go of it however the process ends.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace gatehouse::app {

class DataFolder {
 public:
  // FAILED_PRECONDITION data_folder_in_use | data_folder_unusable, each with one sentence for a person.
  [[nodiscard]] static Result<DataFolder> open(const std::filesystem::path& path);
  DataFolder(DataFolder&& other) noexcept;
  DataFolder& operator=(DataFolder&&) = delete;
  ~DataFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }  // absolute
  [[nodiscard]] std::filesystem::path database(std::string_view role) const {
    return path_ / (std::string(role) + ".db");
  }
  [[nodiscard]] std::filesystem::path control_socket() const { return path_ / "control.sock"; }

 private:
  DataFolder(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace gatehouse::app
