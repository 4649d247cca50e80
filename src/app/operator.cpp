#include "app/operator.h"

#include <fmt/format.h>

#include "gateway/problem.h"
#include "gateway/render.h"
#include "json/member.h"
#include "json/reader.h"
#include "json/writer.h"
#include "telemetry/log.h"

namespace gatehouse::app {
namespace {

constexpr Milliseconds command_timeout{30'000};
constexpr int dead_letters_shown_max = 200;

std::string key_set_json(const auth::v1::KeySet& set) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("keys").begin_array();
  for (const auto& key : set.keys()) {
    writer.begin_object().field("kid", key.kid()).field("alg", key.alg()).field("state", key.state());
    gateway::write_time(writer, "created_at", key.created_at_ms());
    writer.end_object();
  }
  writer.end_array().end_object();
  return out;
}

// A stranger is told "not now"; who runs the place may know why.
Error for_operator(Error why) {
  if (why.code != Code::unavailable) return why;
  why.message = why.reason == "storage_full"
                    ? std::string("The disk of the data folder is full, or it may not be written to. Make room, then try again.")
                    : fmt::format("The service cannot do this now ({}). Try again shortly.", why.reason);
  return why;
}

std::string permissions_json(const account::v1::Permissions& permissions) {
  std::string out;
  json::Writer writer(out);
  gateway::write_permissions(writer, permissions);
  return out;
}

}  // namespace

Operator::Operator(Platform& platform, Roles& roles, std::vector<DeadLetterBox> dead_letters)
    : platform_(platform), roles_(roles), dead_letters_(std::move(dead_letters)), backup_(platform) {}

const Operator::Command Operator::commands[] = {
    {"keys-list", &Operator::list_keys},           {"keys-rotate", &Operator::rotate_keys},
    {"user-create", &Operator::create_user},       {"user-show", &Operator::show_user},
    {"user-disable", &Operator::disable_user},     {"user-enable", &Operator::enable_user},
    {"role-list", &Operator::list_roles},          {"role-put", &Operator::put_role},
    {"role-delete", &Operator::delete_role},       {"role-assign", &Operator::assign_role},
    {"role-remove", &Operator::remove_role},       {"events-dead-list", &Operator::list_dead},
    {"events-dead-replay", &Operator::replay_dead}, {"backup", &Operator::write_backup}};

Async<http::Response> Operator::handle(const http::Request& request) {
  const std::string correlation_id = Uuid::make_v7(platform_.clock.wall(), platform_.random).str();
  Call call;
  call.deadline = platform_.clock.steady() + command_timeout;
  call.correlation_id = std::string_view(correlation_id);
  if (request.method != http::Method::post)
    co_return gateway::make_problem(
        405, fail(Code::unimplemented, "method_not_allowed", "Commands are POST requests.").error(), request.path,
        correlation_id);
  auto arguments = json::read_object(request.body.empty() ? "{}" : request.body);
  if (!arguments) co_return gateway::make_problem(arguments.error(), request.path, correlation_id);
  const std::string command(request.path.substr(1));
  auto asked = run(call, command, *std::move(arguments));
  auto answer = co_await std::move(asked);
  log::info("operator command",
            {{"command", command}, {"succeeded", answer.has_value()}, {"correlation_id", correlation_id}});
  if (!answer) co_return gateway::make_problem(answer.error(), request.path, correlation_id);
  http::Response response;
  response.status = 200;
  response.body = *std::move(answer);
  co_return response;
}

http::Response Operator::refuse(const http::Refusal& why, const http::Request*) {
  auto error = fail(Code::invalid_argument, why.reason, "This is no command.").error();
  return gateway::make_problem(why.status, error, "", "");
}

std::size_t Operator::body_bytes_max(const http::Request&) { return limits::body_bytes_max; }

Task<std::string> Operator::run(Call call, std::string command, boost::json::object arguments) {
  for (const auto& row : commands) {
    if (row.name != command) continue;
    auto answer = co_await (this->*row.run)(call, std::move(arguments));
    if (!answer) co_return std::unexpected(for_operator(std::move(answer).error()));
    co_return answer;
  }
  co_return not_found("unknown_command", "This instance does not know that command; is it an older version?");
}

Task<std::string> Operator::list_keys(Call call, Arguments) {
  auto keys = co_await roles_.auth->get_key_set(call, auth::v1::GetKeySetRequest());
  if (!keys) co_return pass(keys);
  co_return key_set_json(*keys);
}

Task<std::string> Operator::rotate_keys(Call call, Arguments arguments) {
  auth::v1::RotateKeysRequest request;
  request.set_alg(json::text_of(arguments, "algorithm"));
  const auto* forced = arguments.if_contains("force");
  request.set_is_forced(forced != nullptr && forced->is_bool() && forced->get_bool());
  auto keys = co_await roles_.auth->rotate_keys(call, std::move(request));
  if (!keys) co_return pass(keys);
  co_return key_set_json(*keys);
}

Task<std::string> Operator::list_roles(Call call, Arguments) {
  auto listed = co_await roles_.account->list_roles(call, account::v1::ListRolesRequest());
  if (!listed) co_return pass(listed);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("roles").begin_array();
  for (const auto& role : listed->roles()) {
    writer.begin_object()
        .field("name", role.name())
        .field("built_in", role.built_in())
        .key("permissions")
        .begin_array();
    for (const auto& permission : role.permissions()) writer.string(permission);
    writer.end_array().end_object();
  }
  writer.end_array().end_object();
  co_return out;
}

Task<std::string> Operator::put_role(Call call, Arguments arguments) {
  account::v1::PutRoleRequest request;
  request.mutable_role()->set_name(json::text_of(arguments, "role"));
  if (const auto* list = arguments.if_contains("permissions"); list && list->is_array())
    for (const auto& permission : list->get_array())
      if (permission.is_string()) request.mutable_role()->add_permissions(std::string(permission.get_string()));
  auto put = co_await roles_.account->put_role(call, std::move(request));
  if (!put) co_return pass(put);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().field("role", put->name()).key("permissions").begin_array();
  for (const auto& permission : put->permissions()) writer.string(permission);
  writer.end_array().end_object();
  co_return out;
}

Task<std::string> Operator::delete_role(Call call, Arguments arguments) {
  account::v1::DeleteRoleRequest request;
  request.set_name(json::text_of(arguments, "role"));
  auto deleted = co_await roles_.account->delete_role(call, std::move(request));
  if (!deleted) co_return pass(deleted);
  co_return "{}";
}

Task<std::string> Operator::assign_role(Call call, Arguments arguments) {
  auto name = need(arguments, "user");
  if (!name) co_return pass(name);
  auto user = co_await find_user(call, *name);
  if (!user) co_return pass(user);
  account::v1::AssignRoleRequest request;
  request.set_user_id(user->id());
  request.set_role(json::text_of(arguments, "role"));
  auto permissions = co_await roles_.account->assign_role(call, std::move(request));
  if (!permissions) co_return pass(permissions);
  co_return permissions_json(*permissions);
}

Task<std::string> Operator::remove_role(Call call, Arguments arguments) {
  auto name = need(arguments, "user");
  if (!name) co_return pass(name);
  auto user = co_await find_user(call, *name);
  if (!user) co_return pass(user);
  account::v1::RemoveRoleRequest request;
  request.set_user_id(user->id());
  request.set_role(json::text_of(arguments, "role"));
  auto permissions = co_await roles_.account->remove_role(call, std::move(request));
  if (!permissions) co_return pass(permissions);
  co_return permissions_json(*permissions);
}

Task<std::string> Operator::list_dead(Call call, Arguments arguments) {
  auto letters = co_await find_dead(call, json::text_of(arguments, "consumer"));
  if (!letters) co_return pass(letters);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("dead_letters").begin_array();
  for (const auto& [box, letter] : *letters) {
    const auto& event = letter.logged.event;
    writer.begin_object()
        .field("id", letter.id)
        .field("consumer", letter.consumer)
        .field("event_type", event.event_type);
    writer.field("event_id", event.event_id)
        .field("subject", event.subject)
        .field("attempts", std::int64_t{letter.attempts});
    gateway::write_time(writer, "died_at", to_ms(letter.died_at));
    writer.field("last_error", letter.last_error).end_object();
  }
  writer.end_array().end_object();
  co_return out;
}

Task<std::string> Operator::replay_dead(Call call, Arguments arguments) {
  auto letters = co_await find_dead(call, json::text_of(arguments, "consumer"));
  if (!letters) co_return pass(letters);
  const auto* id = arguments.if_contains("id");  // absent: all of them
  if (id)
    std::erase_if(*letters, [id](const Dead& dead) { return !id->is_int64() || id->get_int64() != dead.letter.id; });
  if (id && letters->empty()) co_return not_found("dead_letter_not_found", "There is no dead letter of that id.");
  if (id && letters->size() > 1)
    co_return fail(Code::invalid_argument, "consumer_missing",
                   "Two consumers have a dead letter of that id: put its name before the id.");
  for (const auto& [box, letter] : *letters) {
    auto done = co_await box->store->replay_dead(call, letter.id, platform_.clock.wall());
    if (!done) co_return pass(done);
    if (box->consuming) box->consuming->wake();
  }
  std::string out;
  json::Writer(out).begin_object().field("replayed", static_cast<std::int64_t>(letters->size())).end_object();
  co_return out;
}

Task<std::string> Operator::write_backup(Call, Arguments arguments) {
  co_return co_await backup_.write(json::text_of(arguments, "folder"));
}

Task<std::vector<Operator::Dead>> Operator::find_dead(Call call, std::string consumer) {
  std::vector<Dead> found;
  std::string names;
  bool is_known = consumer.empty();
  for (const auto& box : dead_letters_) {
    names += (names.empty() ? "" : ", ") + box.consumer;
    is_known = is_known || box.consumer == consumer;
  }
  if (!is_known)
    co_return not_found("consumer_unknown", fmt::format("There is no consumer \"{}\"; there are {}.", consumer, names));
  for (const auto& box : dead_letters_) {
    if (!consumer.empty() && consumer != box.consumer) continue;
    auto letters = co_await box.store->list_dead(call, box.consumer, dead_letters_shown_max);
    if (!letters) co_return pass(letters);
    for (auto& letter : *letters) found.push_back({&box, std::move(letter)});
  }
  co_return found;
}

}  // namespace gatehouse::app
