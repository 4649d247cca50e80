#include "app/service_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/secret.h"
#include "crypto/digest.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t key_chars_min = 32;
constexpr std::size_t key_chars_max = 1024;

std::unexpected<Error> unusable(const std::filesystem::path& file, std::string_view why) {
  return fail(Code::failed_precondition, "service_key_unusable",
              fmt::format("the service-auth key {} {}", file.string(), why));
}

bool write_whole(const std::string& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return false;
  const bool is_written =
      ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
  ::close(descriptor);
  return is_written;
}

bool sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool is_synced = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return is_synced;
}

// Makes the file under its name in one step, whole, and never over a key that another process made meanwhile.
Done create(const std::filesystem::path& file, Random& random) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  ::mkdir(folder.c_str(), 0700);
  std::array<std::uint8_t, 32> bytes{};
  random.fill(bytes);
  auto text = to_base64url(as_view(bytes)) + "\n";
  wipe(bytes.data(), bytes.size());
  std::array<std::uint8_t, 8> suffix{};
  random.fill(suffix);
  const auto temporary = file.string() + "." + to_hex(as_view(suffix)) + ".tmp";
  const bool is_named =
      write_whole(temporary, text) && (::link(temporary.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  wipe(text);
  if (!is_named || !sync_folder(folder)) return unusable(file, fmt::format("cannot be made: {}", std::strerror(error)));
  return {};
}

bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

Result<Digest> read(const std::filesystem::path& file, int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return unusable(file, "is no regular file");
  if ((status.st_mode & 0077) != 0)
    return unusable(file, "can be read by others: chmod 600 it, and replace it if others may have");
  std::string text(key_chars_max, '\0');
  const auto got = ::read(descriptor, text.data(), text.size());
  if (got < 0) return unusable(file, "cannot be read");
  text.resize(static_cast<std::size_t>(got));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const auto digest = crypto::sha256(text);
  const bool is_long_enough = text.size() >= key_chars_min;
  const bool is_one_line = std::ranges::all_of(text, is_visible);
  wipe(text);
  if (!is_long_enough) return unusable(file, fmt::format("is shorter than {} characters", key_chars_min));
  if (!is_one_line) return unusable(file, "must be one line of visible ASCII characters");
  return digest;
}

// Empty: there is no such file.
Result<std::optional<Digest>> load(const std::filesystem::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0) return unusable(file, fmt::format("cannot be opened: {}", std::strerror(errno)));
  auto key = read(file, descriptor);
  ::close(descriptor);
  if (!key) return pass(key);
  return *key;
}

}  // namespace

Done check_service_key(const std::filesystem::path& file) {
  const auto loaded = load(file);
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

Result<Digest> load_or_create_service_digest(const std::filesystem::path& file, Random& random) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto loaded = load(file);
    if (!loaded) return pass(loaded);
    if (*loaded) return **loaded;
    if (auto created = create(file, random); !created) return pass(created);
  }
  return unusable(file, "vanished while it was made");
}

}  // namespace gatehouse::app
