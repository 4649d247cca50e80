// Operator: what `gatehouse keys|user|role|events|backup …` asks for. The same object answers on the control socket of a
// running instance and, when none runs, in the process of the command itself.
//
// A command is POST /<words joined by '-'> with a JSON object of its arguments; the answer is a JSON object, or a
// problem. Nobody but the owner of the data folder reaches the socket (mode 0600), so there is no other authentication.
// Shard 0's thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/background.h"
#include "app/backup.h"
#include "http/server.h"

namespace gatehouse::app {

class Operator final : public http::Handler {
 public:
  Operator(Platform& platform, Roles& roles, std::vector<DeadLetterBox> dead_letters);

  Async<http::Response> handle(const http::Request& request) override;
  http::Response refuse(const http::Refusal& why, const http::Request* request) override;
  std::size_t body_bytes_max(const http::Request& request) override;

  // The answer's JSON. `command` is "user-create".
  Task<std::string> run(Call call, std::string command, boost::json::object arguments);
  // Ends what may take long. Any thread.
  void stop() { backup_.stop(); }

 private:
  using Arguments = boost::json::object;
  Task<std::string> list_keys(Call call, Arguments arguments);
  Task<std::string> rotate_keys(Call call, Arguments arguments);
  Task<std::string> create_user(Call call, Arguments arguments);
  Task<std::string> show_user(Call call, Arguments arguments);
  Task<std::string> disable_user(Call call, Arguments arguments);
  Task<std::string> enable_user(Call call, Arguments arguments);
  Task<std::string> list_roles(Call call, Arguments arguments);
  Task<std::string> put_role(Call call, Arguments arguments);
  Task<std::string> delete_role(Call call, Arguments arguments);
  Task<std::string> assign_role(Call call, Arguments arguments);
  Task<std::string> remove_role(Call call, Arguments arguments);
  Task<std::string> list_dead(Call call, Arguments arguments);
  Task<std::string> replay_dead(Call call, Arguments arguments);
  Task<std::string> write_backup(Call call, Arguments arguments);

  struct Command {
    std::string_view name;
    Task<std::string> (Operator::*run)(Call, Arguments);
  };
  static const Command commands[];

  // The text under a name, or what to say when it is missing.
  static Result<std::string> need(const Arguments& arguments, std::string_view name);

  struct Dead {
    const DeadLetterBox* box;
    events::DeadLetter letter;
  };
  Task<std::vector<Dead>> find_dead(Call call, std::string consumer);
  Task<identity::v1::User> find_user(Call call, std::string name);
  Task<void> set_active(Call call, std::string user_id, bool is_active);

  Platform& platform_;
  Roles& roles_;
  const std::vector<DeadLetterBox> dead_letters_;
  Backup backup_;
};

}  // namespace gatehouse::app
