#include "crypto/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kKeyBytes = 32;
using KeyBytes = std::array<std::uint8_t, kKeyBytes>;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> refuse(std::string_view reason, const std::filesystem::path& file, std::string_view why) {
  return fail(Code::failed_precondition, reason, "The master key " + file.string() + " " + std::string(why));
}

std::unexpected<Error> unreadable(const std::filesystem::path& file, std::string_view doing) {
  const int error = errno;
  return refuse("master_key_unreadable", file, "cannot be " + std::string(doing) + ": " + std::strerror(error) + ".");
}

// Empty: there is no such file.
Result<std::optional<SecretKey>> load(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open() && errno == ENOENT) return std::nullopt;
  if (!file.is_open()) return unreadable(path, "opened");
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return unreadable(path, "examined");
  if (!S_ISREG(about.st_mode)) return refuse("master_key_malformed", path, "is not a regular file.");
  if ((about.st_mode & 077) != 0)
    return refuse("master_key_exposed", path, "can be read or changed by others. Allow its owner only: chmod 600.");
  if (about.st_size != kKeyBytes)
    return refuse("master_key_malformed", path, "is not 32 octets long. Restore it from a backup.");
  KeyBytes bytes{};
  for (std::size_t at = 0; at < kKeyBytes;) {
    const auto got = ::read(file.get(), bytes.data() + at, kKeyBytes - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return unreadable(path, "read");
    at += static_cast<std::size_t>(got);
  }
  std::optional<SecretKey> key(std::in_place, bytes);
  wipe(bytes.data(), bytes.size());
  return key;
}

bool write_all(int descriptor, const KeyBytes& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto put = ::write(descriptor, bytes.data() + at, bytes.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += static_cast<std::size_t>(put);
  }
  return ::fsync(descriptor) == 0;
}

bool sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return file.is_open() && ::fsync(file.get()) == 0;
}

// Makes the file under its name in one step, and never over a key that another process made meanwhile.
Done create(const std::filesystem::path& path, Random& random) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return unreadable(path, "made in its folder");
  KeyBytes bytes{};
  random.fill(bytes);
  const SecretKey key(bytes);
  wipe(bytes.data(), bytes.size());
  std::array<std::uint8_t, 8> suffix{};
  random.fill(suffix);
  const auto temporary = path.string() + "." + to_hex(as_view(suffix)) + ".tmp";
  const File file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return unreadable(path, "made");
  const bool written = write_all(file.get(), key.reveal());
  const bool named = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(temporary.c_str());
  errno = error;
  if (!named || !sync_folder(folder)) return unreadable(path, "written");
  return {};
}

}  // namespace

Done MasterKey::check(const std::filesystem::path& file) {
  const auto loaded = load(file);
  if (!loaded) return std::unexpected(loaded.error());
  return {};
}

Result<MasterKey> MasterKey::load_or_create(const std::filesystem::path& file, Random& random) {
  auto loaded = load(file);
  if (!loaded) return pass(loaded);
  if (!*loaded) {
    const auto created = create(file, random);
    if (!created) return pass(created);
    loaded = load(file);
    if (!loaded) return pass(loaded);
    if (!*loaded) return refuse("master_key_unreadable", file, "vanished while it was made.");
  }
  return MasterKey(std::move(**loaded));
}

SecretKey MasterKey::derive(std::string_view purpose) const { return hkdf_sha256(as_view(key_.reveal()), purpose); }

}  // namespace gatehouse::crypto
