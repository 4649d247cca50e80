// Users: oneself and, with the permission, others.
#include "gateway/calls.h"
#include "gateway/conditional.h"
#include "gateway/erasure.h"
#include "gateway/render.h"
#include "gateway/request_body.h"
#include "runtime/uninterrupted.h"
#include "telemetry/log.h"

namespace gatehouse::gateway {
namespace {

http::Response user_or_not_modified(const Exchange& exchange, const identity::v1::User& user) {
  auto etag = etag_of_version(user.version());
  if (has_current(*exchange.request, etag)) return not_modified(std::move(etag));
  return user_response(200, user);
}

}  // namespace

http::Response user_response(int status, const identity::v1::User& user) {
  auto response = json_response(status, user, write_user);
  response.with("etag", etag_of_version(user.version()));
  return response;
}

std::unexpected<Error> session_revoked() {
  return fail(Code::unauthenticated, "session_revoked", "This session has ended. Log in again.");
}

Task<identity::v1::User> Calls::load_user(Call call, std::string user_id) {
  identity::v1::GetUserRequest request;
  request.set_user_id(std::move(user_id));
  co_return co_await parts_.identity.get_user(call, std::move(request));
}

Task<identity::v1::User> Calls::load_caller(Call call) {
  identity::v1::GetUserRequest request;
  request.set_user_id(call.caller.user_id.str());
  auto user = co_await parts_.identity.get_user(call, std::move(request));
  const bool is_gone = !user && user.error().code == Code::not_found;
  if (!user && !is_gone) co_return pass(user);
  if (is_gone || user->status() != identity::v1::USER_STATUS_ACTIVE)
    co_return session_revoked();
  co_return user;
}

Task<http::Response> Calls::get_me(Exchange exchange) {
  const auto user = co_await load_caller(exchange.call);
  if (!user) co_return pass(user);
  co_return user_or_not_modified(exchange, *user);
}

Task<http::Response> Calls::get_user(Exchange exchange) {
  const bool is_self = exchange.call.caller.user_id.str() == exchange.path_id;
  if (is_self) co_return co_await get_me(std::move(exchange));
  std::string user_id(exchange.path_id);
  const auto user = co_await load_user(exchange.call, std::move(user_id));
  if (!user) co_return pass(user);
  co_return user_or_not_modified(exchange, *user);
}

Task<std::optional<std::int64_t>> Calls::version_to_change(Exchange exchange, std::string user_id) {
  const auto condition = version_condition(*exchange.request);
  if (!condition) co_return pass(condition);
  if (condition->is_any) co_return std::optional<std::int64_t>();
  const auto user = co_await load_user(exchange.call, std::move(user_id));
  if (!user) co_return pass(user);
  if (!condition->holds_for(user->version())) co_return version_mismatch();
  co_return std::optional(user->version());
}

Task<http::Response> Calls::update_me(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::UpdateUserRequest request;
  if (auto name = body->optional_text("username")) request.set_username(std::move(*name));
  if (auto name = body->optional_text("display_name")) request.set_display_name(std::move(*name));
  if (auto locale = body->optional_text("locale")) request.set_locale(std::move(*locale));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto me = co_await load_caller(exchange.call);
  if (!me) co_return pass(me);
  const auto version = co_await version_to_change(exchange, me->id());
  if (!version) co_return pass(version);
  const bool changes_nothing = !request.has_username() && !request.has_display_name() && !request.has_locale();
  if (changes_nothing) co_return user_response(200, *me);
  request.set_user_id(me->id());
  if (*version) request.set_expected_version(**version);
  const auto user = co_await parts_.identity.update_user(exchange.call, std::move(request));
  if (!user) co_return pass(user);
  co_return user_response(200, *user);
}

Task<http::Response> Calls::put_user(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::UpdateUserRequest request;
  request.set_user_id(std::string(exchange.path_id));
  request.set_username(body->text("username"));
  request.set_display_name(body->text("display_name"));
  request.set_locale(body->text("locale"));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto version = co_await version_to_change(exchange, request.user_id());
  if (!version) co_return pass(version);
  if (*version) request.set_expected_version(**version);
  const auto user = co_await parts_.identity.update_user(exchange.call, std::move(request));
  if (!user) co_return pass(user);
  co_return user_response(200, *user);
}

// What is certain comes first: once the user is gone for good, account_end (erasure.h) finishes what a crash leaves
// undone here, and so does repeating the call.
Task<http::Response> Calls::delete_me(Exchange exchange) {
  const auto& call = exchange.call;
  const auto user_id = call.caller.user_id.str();
  const auto version = co_await version_to_change(exchange, user_id);
  if (!version) co_return pass(version);
  identity::v1::DeleteUserRequest request;
  request.set_user_id(user_id);
  if (*version) request.set_expected_version(**version);
  auto deletion = delete_user(call, std::move(request));
  const auto deleted = co_await uninterrupted(std::move(deletion));
  if (!deleted && deleted.error().code != Code::not_found) co_return pass(deleted);
  const auto ended = co_await end_account(parts_.auth, parts_.credential, call, user_id);
  if (!ended) co_return pass(ended);
  co_return no_content();
}

// Whoever is about to go is no longer one of the admins of whom one is left (S-96), but stays all they were if in the
// end they do not go.
Task<void> Calls::delete_user(Call call, identity::v1::DeleteUserRequest request) {
  account::v1::SetUserActiveRequest leaving, staying;
  leaving.set_user_id(request.user_id());
  staying.set_user_id(request.user_id());
  staying.set_active(true);
  const auto may_go = co_await parts_.account.set_user_active(call, std::move(leaving));
  if (!may_go) co_return pass(may_go);
  const auto deleted = co_await parts_.identity.delete_user(call, std::move(request));
  if (deleted) co_return Done{};
  call.deadline = SteadyTime::max();  // what failed may have used up the time
  const auto restored = co_await parts_.account.set_user_active(call, std::move(staying));
  if (!restored) log::failure("a user who was not deleted still counts as leaving", call, restored.error());
  co_return pass(deleted);
}

}  // namespace gatehouse::gateway
