#include "drivers/mail/eml_sender.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "drivers/mail/rfc5322.h"
#include "runtime/cpu_pool.h"

namespace gatehouse::mail {
namespace {

constexpr std::size_t queue_max = 64;
constexpr Milliseconds wait_max{10'000};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

std::unexpected<Error> cannot(std::string_view what, int why) {
  const auto detail = std::string(what) + ": " + std::generic_category().message(why);
  return unavailable(why == ENOSPC || why == EDQUOT ? "storage_full" : "mail_unwritable", detail, 5000);
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Relative to the folder's descriptor, so that a folder swapped for a link on the way changes nothing.
Done write_whole(int folder, const std::string& name, std::string_view text, bool is_kept) {
  const auto draft = "." + name + ".tmp";
  const Descriptor file(::openat(folder, draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return cannot("create", errno);
  if (!write_all(file.number(), text) || ::fsync(file.number()) != 0) {
    const int why = errno;
    ::unlinkat(folder, draft.c_str(), 0);
    return cannot("write", why);
  }
  if (is_kept ? ::renameat(folder, draft.c_str(), folder, name.c_str()) != 0 : ::unlinkat(folder, draft.c_str(), 0) != 0)
    return cannot(is_kept ? "rename" : "remove", errno);
  if (::fsync(folder) != 0) return cannot("sync the folder", errno);
  return {};
}

Done write_mail(const std::filesystem::path& folder, const Message& message) {
  auto text = to_rfc5322(message);
  if (!text) return pass(text);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return cannot("create the folder", errno);
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return cannot("open the folder", errno);
  return write_whole(opened.number(), eml_name(message), *text, message.is_delivered);
}

class EmlSender final : public Sender {
 public:
  EmlSender(std::filesystem::path folder, const Clock& clock)
      : folder_(std::move(folder)),
        pool_({.name = "mail", .threads = 1, .queue_max = queue_max, .wait_max = wait_max, .nice = 0}, clock) {}

  Task<void> send(Call call, Message message) override {
    auto write = [folder = folder_, message = std::move(message)] { return write_mail(folder, message); };
    co_return co_await pool_.run<void>(call, std::move(write));
  }

 private:
  const std::filesystem::path folder_;
  CpuPool pool_;
};

}  // namespace

std::string eml_name(const Message& message) {
  auto time = to_rfc3339(message.date);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return time + "-" + message.id + ".eml";
}

std::unique_ptr<Sender> make_eml_sender(std::filesystem::path folder, const Clock& clock) {
  return std::make_unique<EmlSender>(std::move(folder), clock);
}

}  // namespace gatehouse::mail
