#include "app/prompt.h"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace gatehouse::app {
namespace {

constexpr int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

termios before_prompt{};  // where a signal handler finds it

// Both may be called in a handler (signal-safety(7)). SA_RESETHAND has given the signal its default back.
void restore_and_end(int signal) {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_prompt);
  std::raise(signal);
}

// No echo while it lives. A signal that ends the process gives the echo back first: the shell would not.
class Silence {
 public:
  Silence() {
    if (::tcgetattr(STDIN_FILENO, &before_prompt) != 0) return;
    for (std::size_t i = 0; i < std::size(ending_signals); ++i) take(ending_signals[i], before_[i]);
    termios silent = before_prompt;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    is_terminal_ = true;
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    if (!is_terminal_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_prompt);
    for (std::size_t i = 0; i < std::size(ending_signals); ++i) ::sigaction(ending_signals[i], &before_[i], nullptr);
    std::fputc('\n', stderr);
  }

 private:
  static void take(int signal, struct sigaction& before) {
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler == SIG_IGN) return;  // nohup
    struct sigaction ours{};
    ours.sa_handler = restore_and_end;
    ours.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(signal, &ours, nullptr);
  }

  struct sigaction before_[std::size(ending_signals)]{};
  bool is_terminal_ = false;
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
  const Silence silence;  // before the question: who sees it may type
  show(question);
  auto line = read_line();
  if (!line) return pass(line);
  return SecretString(*std::move(line));
}

Result<SecretString> ask_new_password(std::string_view question) {
  auto password = ask_password(question);
  if (!password || !::isatty(STDIN_FILENO)) return password;
  const auto again = ask_password("The same password again");
  if (!again) return std::unexpected(again.error());
  if (again->reveal() != password->reveal())
    return fail(Code::invalid_argument, "password_repeat_differs", "the two passwords are not the same: nothing was created");
  return password;
}

}  // namespace gatehouse::app
