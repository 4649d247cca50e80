// gatehouse keys|user|role|events|backup: asks the running instance through its control socket, or, when none runs, opens the
// data folder here and lets the same Operator answer.
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cstdio>
#include <sstream>

#include "app/commands.h"
#include "app/http_client.h"
#include "app/offline.h"
#include "app/problem_text.h"
#include "app/prompt.h"
#include "app/settings.h"
#include "app/table.h"
#include "json/reader.h"

namespace gatehouse::app {
namespace {

using boost::json::object;

// NOT_FOUND when no instance listens there.
Result<std::string> ask_running(const std::filesystem::path& socket, const std::string& command, const object& body) {
  Endpoint endpoint{.path = socket.string()};
  ClientRequest request{.method = "POST", .target = "/" + command, .body = boost::json::serialize(body)};
  if (command == "backup") request.answer_timeout_s = 0;  // as long as the disk takes
  auto response = fetch(endpoint, request);
  if (!response) return pass(response);
  if (response->status >= 400) return std::unexpected(error_of(*response));
  return std::move(response->body);
}

Result<std::string> answer(const Arguments& arguments, const std::string& command, const object& body) {
  const auto loaded = load_settings(arguments);
  if (!loaded) return pass(loaded);
  auto folder = DataFolder::open_existing(loaded->config.storage.data_dir);
  if (folder) return ask_offline(loaded->config, *std::move(folder), command, body);
  // Root may ask a service that runs as another user; it makes no file in that user's folder, and it must have named it.
  const bool is_root_asking =
      folder.error().reason == "data_folder_not_ours" && ::geteuid() == 0 && loaded->sources.contains("storage.data_dir");
  if (folder.error().reason != "data_folder_in_use" && !is_root_asking) return pass(folder);
  const auto socket = std::filesystem::absolute(loaded->config.storage.data_dir) / "control.sock";
  auto answered = ask_running(socket, command, body);
  if (!answered && is_root_asking && answered.error().reason == "unreachable") return pass(folder);
  return answered;
}

Exit run(const Arguments& arguments, const std::string& command, const object& body) {
  const auto text = answer(arguments, command, body);
  if (!text) return report(text.error());
  if (arguments.has("--json")) {
    std::printf("%s\n", text->c_str());
    return Exit::done;
  }
  const auto parsed = json::read_object(*text, {.bytes_max = 4 << 20, .members_max = 100'000});
  if (!parsed) return report(parsed.error());
  std::fputs(to_table(*parsed).c_str(), stdout);
  return Exit::done;
}

}  // namespace

Exit run_keys_list(const Arguments& arguments) { return run(arguments, "keys-list", {}); }

Exit run_keys_rotate(const Arguments& arguments) {
  return run(arguments, "keys-rotate", {{"algorithm", arguments.value("--algorithm")}, {"force", arguments.has("--force")}});
}

Exit run_user_create(const Arguments& arguments) {
  const auto password = ask_new_password("Password of " + arguments.words()[0]);
  if (!password) return report(password.error());
  return run(
      arguments, "user-create",
      {{"username", arguments.words()[0]}, {"email", arguments.value("--email")}, {"password", password->reveal()}});
}

Exit run_user_show(const Arguments& arguments) { return run(arguments, "user-show", {{"user", arguments.words()[0]}}); }
Exit run_user_disable(const Arguments& arguments) {
  return run(arguments, "user-disable", {{"user", arguments.words()[0]}});
}
Exit run_user_enable(const Arguments& arguments) {
  return run(arguments, "user-enable", {{"user", arguments.words()[0]}});
}
Exit run_role_list(const Arguments& arguments) { return run(arguments, "role-list", {}); }

Exit run_role_put(const Arguments& arguments) {
  boost::json::array permissions;
  for (std::size_t i = 1; i < arguments.words().size(); ++i) permissions.emplace_back(arguments.words()[i]);
  std::istringstream list(arguments.value("--permissions"));
  for (std::string permission; std::getline(list, permission, ',');) permissions.emplace_back(permission);
  return run(arguments, "role-put", {{"role", arguments.words()[0]}, {"permissions", permissions}});
}

Exit run_role_delete(const Arguments& arguments) {
  return run(arguments, "role-delete", {{"role", arguments.words()[0]}});
}

Exit run_role_assign(const Arguments& arguments) {
  return run(arguments, "role-assign", {{"user", arguments.words()[0]}, {"role", arguments.words()[1]}});
}
Exit run_role_remove(const Arguments& arguments) {
  return run(arguments, "role-remove", {{"user", arguments.words()[0]}, {"role", arguments.words()[1]}});
}

Exit run_events_dead_list(const Arguments& arguments) {
  return run(arguments, "events-dead-list", {{"consumer", arguments.value("--consumer")}});
}

Exit run_events_dead_replay(const Arguments& arguments) {
  const auto& words = arguments.words();
  const auto& which = words.back();
  object body{{"consumer", words.size() == 2 ? words.front() : std::string()}};
  if (which != "all") {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(which.data(), which.data() + which.size(), id);
    if (error != std::errc{} || end != which.data() + which.size())
      return report(
          fail(Code::invalid_argument, "usage", "say which: an ID of `gatehouse events dead list`, or all").error());
    body["id"] = id;
  }
  return run(arguments, "events-dead-replay", body);
}

Exit run_backup(const Arguments& arguments) {
  const auto folder = std::filesystem::absolute(arguments.words()[0]).lexically_normal();  // an instance runs elsewhere
  return run(arguments, "backup", {{"folder", folder.string()}});
}

}  // namespace gatehouse::app
