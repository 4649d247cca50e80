#include "app/session_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "json/member.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::app {
namespace {

std::unexpected<Error> unusable(const std::filesystem::path& path, std::string_view why) {
  return fail(Code::failed_precondition, "session_file_unusable", fmt::format("{}: {}", path.string(), why));
}

}  // namespace

std::filesystem::path session_folder() {
  if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder && folder[0] == '/')
    return std::filesystem::path(folder) / "gatehouse";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home ? home : ".") / ".config" / "gatehouse";
}

Result<SessionFile> SessionFile::open(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const int lock = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0) return unusable(folder, std::strerror(errno));
  ::flock(lock, LOCK_EX);
  SessionFile file(folder / "sessions.json", lock);
  if (auto loaded = file.load(); !loaded) return pass(loaded);
  return file;
}

SessionFile::SessionFile(SessionFile&& other) noexcept
    : file_(std::move(other.file_)),
      lock_(std::exchange(other.lock_, -1)),
      last_url_(std::move(other.last_url_)),
      sessions_(std::move(other.sessions_)) {}

SessionFile::~SessionFile() {
  if (lock_ >= 0) ::close(lock_);
}

std::optional<SavedSession> SessionFile::find(const std::string& url) const {
  const auto found = sessions_.find(url.empty() ? last_url_ : url);
  if (found == sessions_.end()) return std::nullopt;
  return found->second;
}

Done SessionFile::put(const std::string& url, SavedSession session) {
  sessions_[url] = std::move(session);
  last_url_ = url;
  return save();
}

Done SessionFile::remove(const std::string& url) {
  sessions_.erase(url);
  return save();
}

Done SessionFile::load() {
  std::ifstream stream(file_, std::ios::binary);
  if (!stream) return {};  // nobody has logged in yet
  std::stringstream text;
  text << stream.rdbuf();
  const auto object = json::read_object(text.str(), {.bytes_max = 1 << 20});
  if (!object) return unusable(file_, "is damaged; remove it and log in again");
  last_url_ = json::text_of(*object, "last_url");
  const auto* sessions = object->if_contains("sessions");
  if (!sessions || !sessions->is_object()) return {};
  for (const auto& [url, value] : sessions->get_object()) {
    if (!value.is_object()) continue;
    const auto& session = value.get_object();
    sessions_[std::string(url)] = {.access_token = json::text_of(session, "access_token"),
                                   .refresh_token = json::text_of(session, "refresh_token"),
                                   .access_expires_at_ms = json::integer_of(session, "access_expires_at_ms")};
  }
  return {};
}

Done SessionFile::save() const {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().field("last_url", last_url_).key("sessions").begin_object();
  for (const auto& [url, session] : sessions_) {
    writer.key(url)
        .begin_object()
        .field("access_token", session.access_token)
        .field("refresh_token", session.refresh_token);
    writer.field("access_expires_at_ms", session.access_expires_at_ms).end_object();
  }
  writer.end_object().end_object();
  const auto aside = file_.string() + ".new";
  const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return unusable(aside, std::strerror(errno));
  const bool is_written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  if (!is_written || ::rename(aside.c_str(), file_.c_str()) != 0) return unusable(file_, std::strerror(errno));
  return {};
}

}  // namespace gatehouse::app
