#include "app/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <set>
#include <vector>

#include "app/commands.h"
#include "app/version.h"

namespace gatehouse::app {
namespace {

constexpr Option config_option{"--config", "FILE", "a YAML file; every key is in docs/guides/configuration.md"};
constexpr Option data_option{"--data-dir", "DIR", "the data folder, instead of storage.data_dir"};
constexpr Option json_option{"--json", "", "print JSON"};
constexpr Option url_option{"--url", "URL", "of the instance; the one of the last login when left out"};

constexpr Option serve_options[] = {
    config_option,
    data_option,
    {"--role", "LIST", "the roles of this process; all of them when left out"},
    {"--welcome", "", "print where it listens and what to try (the default on a terminal)"}};
constexpr Option folder_options[] = {config_option, data_option};
constexpr Option operator_options[] = {config_option, data_option, json_option};
constexpr Option rotate_options[] = {config_option,
                                     data_option,
                                     json_option,
                                     {"--algorithm", "ALG", "ES256, EdDSA or RS256; as configured when left out"},
                                     {"--force", "", "although services may not know the next key yet: the current one has leaked"}};
constexpr Option create_options[] = {
    config_option, data_option, json_option, {"--email", "ADDRESS", "attach an address (unverified)"}};
constexpr Option put_options[] = {
    config_option, data_option, json_option, {"--permissions", "LIST", "the same, separated by commas"}};
constexpr Option dead_options[] = {
    config_option, data_option, json_option, {"--consumer", "NAME", "of one consumer only"}};
constexpr Option login_options[] = {{"--url", "URL", "of the instance, such as http://127.0.0.1:8080"},
                                    {"--username", "NAME", "asked for when left out"}};
constexpr Option client_options[] = {url_option, json_option};

Exit run_help(const Arguments& arguments);
Exit run_version(const Arguments&) {
  std::printf("gatehouse %s\n", std::string(version).c_str());
  return Exit::done;
}

constexpr Command table[] = {
    {"serve", "", "start Gatehouse; needs no configuration", serve_options, 0, 0, run_serve},
    {"migrate", "", "bring the databases of a data folder up to date", folder_options, 0, 0, run_migrate},
    {"config check", "", "say whether the configuration is good", folder_options, 0, 0, run_config_check},
    {"config print", "", "show the effective values and where each came from", folder_options, 0, 0, run_config_print},
    {"config docs", "", "print the guide to every key (Markdown)", {}, 0, 0, run_config_docs},
    {"keys list", "", "list the signing keys", operator_options, 0, 0, run_keys_list},
    {"keys rotate", "", "make a new signing key; tokens of the old one stay valid", rotate_options, 0, 0,
     run_keys_rotate},
    {"user create", "USERNAME", "create a user; the password is asked for, or read from standard input", create_options,
     1, 1, run_user_create},
    {"user show", "USER", "show a user by name, verified e-mail address or id", operator_options, 1, 1, run_user_show},
    {"user disable", "USER", "refuse logins and end all sessions of a user", operator_options, 1, 1, run_user_disable},
    {"user enable", "USER", "let a disabled user log in again", operator_options, 1, 1, run_user_enable},
    {"role list", "", "list roles and their permissions", operator_options, 0, 0, run_role_list},
    {"role put", "ROLE PERMISSION…", "create a role, or replace its permissions", put_options, 1, 200, run_role_put},
    {"role delete", "ROLE", "delete a role nobody has", operator_options, 1, 1, run_role_delete},
    {"role assign", "USER ROLE", "give a user a role", operator_options, 2, 2, run_role_assign},
    {"role remove", "USER ROLE", "take a role from a user", operator_options, 2, 2, run_role_remove},
    {"events dead list", "", "list events that a consumer gave up on, and why", dead_options, 0, 0,
     run_events_dead_list},
    {"events dead replay", "[CONSUMER] ID|all", "deliver dead letters again; ID is the number that events dead list shows", operator_options, 1, 2,
     run_events_dead_replay},
    {"backup", "DIR", "write one consistent copy of all databases and keys into a new folder", operator_options, 1, 1,
     run_backup},
    {"login", "", "log in to an instance as a user; the password is asked for", login_options, 0, 0, run_login},
    {"whoami", "", "show who is logged in", client_options, 0, 0, run_whoami},
    {"sessions", "[end ID|end others]", "list your sessions, or end them", client_options, 0, 2, run_sessions},
    {"logout", "", "end this session", client_options, 0, 0, run_logout},
    {"version", "", "print the version", {}, 0, 0, run_version},
    {"help", "[COMMAND]", "print this, or what one command takes", {}, 0, 3, run_help},
};

void print_options(const Command& command) {
  for (const auto& option : command.options)
    std::fputs(fmt::format("  {:<20} {}\n", fmt::format("{} {}", option.name, option.value), option.doc).c_str(), stdout);
}

std::string usage_of(const Command& command) {
  return fmt::format("gatehouse {}{}{}", command.name, command.usage.empty() ? "" : " ", command.usage);
}

void print_commands(std::FILE* to, std::span<const Command* const> listed) {
  for (const auto* command : listed)
    std::fputs(fmt::format("  {:<38} {}\n", usage_of(*command).substr(10), command->doc).c_str(), to);
}

void print_overview(std::FILE* to) {
  std::fputs("usage: gatehouse COMMAND\n\n", to);
  std::vector<const Command*> all;
  for (const auto& command : table) all.push_back(&command);
  print_commands(to, all);
  std::fputs(
      "\nkeys, user, role, events and backup ask the running instance through the socket in its data folder, or open the "
      "folder\n"
      "themselves when none runs. `gatehouse help COMMAND` shows a command's options.\n\n"
      "Exit status: 0 done, 1 it failed, 2 command line not understood, 3 configuration refused, 4 data folder or "
      "address\n"
      "unusable, 5 nobody answers, 6 not logged in or not allowed.\n",
      to);
}

// The command whose words the arguments begin with, the longest; null when there is none.
const Command* find_command(std::span<const std::string> words, std::size_t& taken) {
  std::string name;
  const Command* found = nullptr;
  for (std::size_t i = 0; i < words.size() && i < 3; ++i) {
    name += (i > 0 ? " " : "") + words[i];
    for (const auto& command : table)
      if (command.name == name) {
        found = &command;
        taken = i + 1;
      }
  }
  return found;
}

// The commands whose names begin with the words, of as many of them as lead to any: those of "user", of "events dead".
std::vector<const Command*> family_of(std::span<const std::string> words) {
  std::vector<const Command*> members;
  std::string prefix;
  for (const auto& word : words) {
    prefix += word + " ";
    std::vector<const Command*> narrower;
    for (const auto& command : table)
      if (command.name.starts_with(prefix)) narrower.push_back(&command);
    if (narrower.empty()) break;
    members = std::move(narrower);
  }
  return members;
}

void print_help_of(const Command& command) {
  std::printf("usage: %s\n\n%s\n\n", usage_of(command).c_str(), std::string(command.doc).c_str());
  print_options(command);
}

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size() && i < 3; ++i) text += (i > 0 ? " " : "") + words[i];
  return text;
}

std::string unknown_command(std::span<const std::string> words) {
  if (words.empty()) return "a command is missing; `gatehouse serve` starts it, `gatehouse help` lists the rest";
  std::vector<std::string_view> candidates;
  std::string members;
  const auto family = family_of(words);
  for (const auto* command : family) {
    candidates.push_back(command->name);
    members += fmt::format("{}`gatehouse {}`", members.empty() ? "" : ", ", command->name);
  }
  const bool is_family_alone = words.size() == 1 || words[1].starts_with('-') || joined(words) + " " == "events dead ";
  if (!family.empty() && is_family_alone) return "say which: " + members;
  std::set<std::string_view> firsts;
  if (family.empty())
    for (const auto& command : table) firsts.insert(command.name.substr(0, command.name.find(' ')));
  candidates.insert(candidates.end(), firsts.begin(), firsts.end());
  const auto said = family.empty() ? words[0] : joined(words);
  const auto near = nearest_of(said, candidates);
  if (!near.empty()) return fmt::format("there is no command \"{}\"; did you mean `gatehouse {}`?", said, near);
  if (!family.empty()) return fmt::format("there is no command \"{}\"; there are {}", said, members);
  return fmt::format("there is no command \"{}\"; `gatehouse help` lists them", said);
}

// One line that ends as a sentence does.
std::string as_sentence(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  while (text.ends_with(' ')) text.pop_back();
  if (!text.ends_with('.') && !text.ends_with('?')) text += '.';
  return text;
}

Exit misused(std::string_view sentence) {
  std::fprintf(stderr, "gatehouse: %s\n", as_sentence(std::string(sentence)).c_str());
  return Exit::usage;
}

Exit run_help(const Arguments& arguments) {
  const auto& words = arguments.words();
  std::size_t taken = 0;
  const auto* command = find_command(words, taken);
  const auto family = family_of(words);
  if (words.empty()) {
    print_overview(stdout);
  } else if (command && taken == words.size()) {
    print_help_of(*command);
  } else if (!family.empty() && family.front()->name.starts_with(joined(words) + " ")) {
    print_commands(stdout, family);
  } else {
    return misused(unknown_command(words));
  }
  return Exit::done;
}

bool asks_for_help(const std::string& word) { return word == "--help" || word == "-h"; }

Exit dispatch(std::vector<std::string> words) {
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) words = {"help"};
  if (words.size() == 1 && (words[0] == "--version" || words[0] == "-V")) words = {"version"};
  std::size_t taken = 0;
  const auto* command = find_command(words, taken);
  const auto family = family_of(words);
  const bool is_asking = std::ranges::any_of(words, asks_for_help);
  if (!command && is_asking && !family.empty()) {
    print_commands(stdout, family);
    return Exit::done;
  }
  if (!command) return misused(unknown_command(words));
  const auto rest = std::span<const std::string>(words).subspan(taken);
  if (is_asking) {
    print_help_of(*command);
    return Exit::done;
  }
  const auto arguments = Arguments::parse(rest, command->options);
  if (!arguments) return misused(fmt::format("{} (gatehouse help {})", arguments.error().message, command->name));
  const auto& given = arguments->words();
  if (given.size() > command->words_max)
    return misused(fmt::format("\"{}\" is one word too many; usage: {}", given[command->words_max], usage_of(*command)));
  if (given.size() < command->words_min) return misused(fmt::format("usage: {}", usage_of(*command)));
  return command->run(*arguments);
}

// Of what stands in the data folder, and of addresses; a database that is busy is so for a moment only.
bool is_unusable(std::string_view reason) {
  constexpr std::string_view families[] = {"data_folder_", "address_", "listen_",  "database_",
                                           "master_key_",  "service_key_", "schema_", "storage_"};
  if (reason == "storage_busy") return false;
  return std::ranges::any_of(families, [reason](std::string_view family) { return reason.starts_with(family); });
}

}  // namespace

std::span<const Command> commands() { return table; }

Exit report(const Error& error) {
  std::string sentence = error.message.empty() ? error.reason : error.message;
  for (const auto& field : error.fields)
    if (field.message != error.message) sentence += fmt::format(" {}: {}", field.field, field.message);
  if (!error.detail.empty() && !error.detail.starts_with("sqlite ")) {  // SQL is for the log
    if (sentence.ends_with('.')) sentence.pop_back();
    sentence += fmt::format(" ({})", error.detail);
  }
  std::fprintf(stderr, "gatehouse: %s\n", as_sentence(std::move(sentence)).c_str());
  if (error.reason == "usage") return Exit::usage;
  if (error.reason == "config_invalid" || error.reason == "config_unreadable") return Exit::config;
  if (is_unusable(error.reason)) return Exit::unusable;
  if (error.reason == "unreachable") return Exit::unreachable;
  if (error.code == Code::unauthenticated || error.code == Code::permission_denied) return Exit::denied;
  return Exit::failed;
}

int run_command_line(int argc, const char* const* argv) {
  try {
    return static_cast<int>(dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc)));
  } catch (const std::exception& error) {  // out of memory, or a bug
    std::fprintf(stderr, "gatehouse: %s\n", error.what());
    return static_cast<int>(Exit::failed);
  }
}

}  // namespace gatehouse::app
