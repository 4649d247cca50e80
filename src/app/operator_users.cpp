// gatehouse user …: the part of the Operator that is about people.
#include <fmt/format.h>

#include "app/operator.h"
#include "gateway/erasure.h"
#include "gateway/registration.h"
#include "gateway/render.h"
#include "json/member.h"
#include "json/writer.h"

namespace gatehouse::app {
namespace {

std::string_view status_name(identity::v1::UserStatus status) {
  switch (status) {
    case identity::v1::USER_STATUS_PENDING: return "pending";
    case identity::v1::USER_STATUS_ACTIVE: return "active";
    case identity::v1::USER_STATUS_DISABLED: return "disabled";
    default: return "unknown";
  }
}

std::string user_json(const identity::v1::User& user, const account::v1::Permissions* permissions = nullptr) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .field("id", user.id())
      .field("username", user.username())
      .field("status", status_name(user.status()));
  if (!user.email().empty()) writer.field("email", user.email()).field("email_verified", user.email_verified());
  gateway::write_time(writer, "created_at", user.created_at_ms());
  if (permissions) {
    writer.key("roles").begin_array();
    for (const auto& role : permissions->roles()) writer.string(role);
    writer.end_array();
  }
  writer.end_object();
  return out;
}

}  // namespace

Result<std::string> Operator::need(const Arguments& arguments, std::string_view name) {
  auto text = json::text_of(arguments, name);
  if (text.empty()) return fail(Code::invalid_argument, "usage", fmt::format("\"{}\" is missing.", name));
  return text;
}

Task<identity::v1::User> Operator::find_user(Call call, std::string name) {
  if (Uuid::parse(name)) {
    identity::v1::GetUserRequest request;
    request.set_user_id(name);
    co_return co_await roles_.identity->get_user(call, std::move(request));
  }
  if (name.find('@') != std::string::npos) {
    identity::v1::GetUserByEmailRequest request;
    request.set_email(name);
    auto user = co_await roles_.identity->get_user_by_email(call, std::move(request));
    if (user || user.error().code != Code::not_found) co_return user;
    co_return not_found("user_not_found", "Nobody has this as a verified e-mail address; name the user or the id.");
  }
  identity::v1::GetUserByUsernameRequest request;
  request.set_username(name);
  co_return co_await roles_.identity->get_user_by_username(call, std::move(request));
}

Task<std::string> Operator::create_user(Call call, Arguments arguments) {
  const auto username = need(arguments, "username");
  if (!username) co_return pass(username);
  gateway::RegistrationRequest asked{.username = *username,
                                     .email = json::text_of(arguments, "email"),
                                     .password = json::text_of(arguments, "password")};
  gateway::Registration registration(*roles_.identity, *roles_.credential, *roles_.auth, platform_.random);
  const auto account = co_await registration.create_account(call, std::move(asked));
  if (!account) co_return pass(account);
  co_return user_json(account->user);
}

Task<std::string> Operator::show_user(Call call, Arguments arguments) {
  auto name = need(arguments, "user");
  if (!name) co_return pass(name);
  auto user = co_await find_user(call, *name);
  if (!user) co_return pass(user);
  account::v1::GetPermissionsRequest request;
  request.set_user_id(user->id());
  auto permissions = co_await roles_.account->get_permissions(call, std::move(request));
  if (!permissions) co_return pass(permissions);
  co_return user_json(*user, &*permissions);
}

// Of the admins who are active, one is left (S-96).
Task<void> Operator::set_active(Call call, std::string user_id, bool is_active) {
  account::v1::SetUserActiveRequest request;
  request.set_user_id(std::move(user_id));
  request.set_active(is_active);
  const auto set = co_await roles_.account->set_user_active(call, std::move(request));
  if (!set) co_return pass(set);
  co_return Done{};
}

Task<std::string> Operator::disable_user(Call call, Arguments arguments) {
  auto name = need(arguments, "user");
  if (!name) co_return pass(name);
  auto user = co_await find_user(call, *name);
  if (!user) co_return pass(user);
  const auto may_go = co_await set_active(call, user->id(), false);
  if (!may_go) co_return pass(may_go);
  identity::v1::SetUserDisabledRequest request;
  request.set_user_id(user->id());
  request.set_disabled(true);
  auto disabled = co_await roles_.identity->set_user_disabled(call, std::move(request));
  if (!disabled) {
    (void)co_await set_active(call, user->id(), true);
    co_return pass(disabled);
  }
  // A crash before this is made good by the consumer gateway.account_end.
  const auto ended = co_await gateway::end_all_sessions(*roles_.auth, call, user->id(), "disabled");
  if (!ended) co_return pass(ended);
  co_return user_json(*disabled);
}

Task<std::string> Operator::enable_user(Call call, Arguments arguments) {
  auto name = need(arguments, "user");
  if (!name) co_return pass(name);
  auto user = co_await find_user(call, *name);
  if (!user) co_return pass(user);
  // First, so that no session from before comes to life again, even if disabling stopped half way.
  if (user->status() == identity::v1::USER_STATUS_DISABLED) {
    const auto ended = co_await gateway::end_all_sessions(*roles_.auth, call, user->id(), "disabled");
    if (!ended) co_return pass(ended);
  }
  identity::v1::SetUserDisabledRequest request;
  request.set_user_id(user->id());
  request.set_disabled(false);
  auto enabled = co_await roles_.identity->set_user_disabled(call, std::move(request));
  if (!enabled) co_return pass(enabled);
  const auto counted = co_await set_active(call, user->id(), true);
  if (!counted) co_return pass(counted);
  co_return user_json(*enabled);
}

}  // namespace gatehouse::app
