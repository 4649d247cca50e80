// What `gatehouse login` remembers: one session per URL, in $XDG_CONFIG_HOME/gatehouse/sessions.json, mode 0600. The
// file is replaced whole (written aside, fsynced, renamed). Two commands at once are serialised by a lock on the
// folder, because a refresh token is good for one use.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"

namespace gatehouse::app {

struct SavedSession {
  std::string access_token, refresh_token;
  std::int64_t access_expires_at_ms = 0;
};

class SessionFile {
 public:
  // Opens and locks. FAILED_PRECONDITION session_file_unusable.
  [[nodiscard]] static Result<SessionFile> open(const std::filesystem::path& folder);
  SessionFile(SessionFile&& other) noexcept;
  SessionFile& operator=(SessionFile&&) = delete;
  ~SessionFile();

  // The session of `url`, or of the last login when `url` is empty.
  [[nodiscard]] std::optional<SavedSession> find(const std::string& url) const;
  [[nodiscard]] const std::string& last_url() const { return last_url_; }
  [[nodiscard]] Done put(const std::string& url, SavedSession session);
  [[nodiscard]] Done remove(const std::string& url);

 private:
  SessionFile(std::filesystem::path file, int lock) : file_(std::move(file)), lock_(lock) {}
  Done load();
  Done save() const;

  std::filesystem::path file_;
  int lock_ = -1;
  std::string last_url_;
  std::map<std::string, SavedSession> sessions_;
};

// $XDG_CONFIG_HOME/gatehouse, or ~/.config/gatehouse.
[[nodiscard]] std::filesystem::path session_folder();

}  // namespace gatehouse::app
