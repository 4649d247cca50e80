#include "app/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdio>

namespace gatehouse::app {
namespace {

// No echo while it lives.
class Silence {
 public:
  Silence() {
    if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (!is_silent_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    std::fputc('\n', stderr);
  }

 private:
  termios before_{};
  bool is_silent_ = false;
};

// Octet by octet, so that nothing of what follows the line is taken from a pipe, and no buffer keeps a password.
Result<std::string> read_line() {
  std::string line;
  char c = 0;
  for (;;) {
    const auto got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0) return fail(Code::invalid_argument, "usage", "standard input cannot be read");
    if (got == 0 && line.empty()) return fail(Code::invalid_argument, "usage", "a line was expected on standard input");
    if (got == 0 || c == '\n') break;
    if (line.size() >= 4096) return fail(Code::invalid_argument, "usage", "the line is too long");
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void show(std::string_view question) {
  if (::isatty(STDIN_FILENO)) std::fprintf(stderr, "%.*s: ", static_cast<int>(question.size()), question.data());
}

}  // namespace

Result<std::string> ask(std::string_view question) {
  show(question);
  return read_line();
}

Result<SecretString> ask_password(std::string_view question) {
  show(question);
  const Silence silence;
  auto line = read_line();
  if (!line) return pass(line);
  return SecretString(*std::move(line));
}

}  // namespace gatehouse::app
