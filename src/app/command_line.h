// The command line: one table of commands, each with its usage, its options and one sentence. Runs on the main thread.
//
// Exit status: 0 done · 1 it failed · 2 the command line was not understood · 3 the configuration is refused ·
// 4 the data folder or an address cannot be used · 5 nobody answers there · 6 not logged in, or not allowed.
#pragma once

#include <span>
#include <string_view>

#include "app/arguments.h"

namespace gatehouse::app {

enum class Exit : int { done = 0, failed = 1, usage = 2, config = 3, unusable = 4, unreachable = 5, denied = 6 };

struct Command {
  std::string_view name;   // one to three words: "events dead list"
  std::string_view usage;  // what follows them: "USER ROLE"
  std::string_view doc;
  std::span<const Option> options;
  std::size_t words_min = 0, words_max = 0;  // after the name
  Exit (*run)(const Arguments& arguments);   // words() are those after the name
};

[[nodiscard]] std::span<const Command> commands();
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

// Says what went wrong, as one sentence on stderr, and which exit status that is.
Exit report(const Error& error);

}  // namespace gatehouse::app
