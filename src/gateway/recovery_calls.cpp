// Changing a password: with the old one, or with a mailed code.
#include "gateway/account_key.h"
#include "gateway/calls.h"
#include "gateway/render.h"
#include "gateway/request_body.h"
#include "runtime/timer.h"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view password_changed = "password_changed";
constexpr SessionId no_session;

// What the new password may not contain.
std::vector<std::string> words_of(const identity::v1::User& user) {
  std::vector<std::string> words{user.username()};
  if (!user.email().empty()) words.push_back(user.email());
  return words;
}

std::unexpected<Error> code_is_gone() {
  return fail(Code::failed_precondition, "challenge_expired", "This code is no longer good. Ask for a new one.");
}

http::Response recovery_started(std::string_view challenge_id, std::int64_t expires_at_ms) {
  auto response = json_response(202);
  json::Writer json(response.body);
  json.begin_object().field("challenge_id", challenge_id);
  write_time(json, "expires_at", expires_at_ms);
  json.end_object();
  return response;
}

}  // namespace

std::unexpected<Error> rate_limited(const Admission& admission) {
  auto failed = fail(Code::resource_exhausted, "rate_limited", "Too many requests. Try again later.");
  failed.error().retry_after_ms = admission.retry_after_ms;
  return failed;
}

Admission Calls::admit_recipient(const Exchange& exchange, std::string_view email) {
  const auto key = identity::email_key(email);
  if (!key) return {.allowed = true};
  return parts_.limits.admit_recipient(*key, exchange.call.caller.source);
}

Task<http::Response> Calls::recover(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::StartRecoveryRequest request;
  request.set_email(body->text("email"));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto answer_at = parts_.clock.steady() + Milliseconds{limits::recovery_answer_ms};
  auto answer = co_await start_recovery(std::move(exchange), std::move(request));
  // A mail to write takes longer than none: the answer waits until nobody can tell (S-18).
  const auto early = std::chrono::ceil<Milliseconds>(answer_at - parts_.clock.steady());
  if (early > Milliseconds{0}) (void)co_await sleep_for(early);
  co_return answer;
}

Task<http::Response> Calls::start_recovery(Exchange exchange, identity::v1::StartRecoveryRequest request) {
  // Counted whether or not anybody has the address. Past the limit nothing is mailed and no earlier code is replaced,
  // and the answer is what it always is: a stranger's questions neither tell nor take anything.
  if (!admit_recipient(exchange, request.email()).allowed) {
    const auto now = parts_.clock.wall();
    co_return recovery_started(Uuid::make_v7(now, parts_.random).str(), to_ms(now) + limits::challenge_lifetime_ms);
  }
  const auto started = co_await parts_.identity.start_recovery(exchange.call, std::move(request));
  if (!started) co_return pass(started);
  co_return recovery_started(started->challenge_id(), started->expires_at_ms());
}

// A password that is refused must not use up the code, so it is judged before the code is redeemed. Redeeming says
// who it was; only then can their own words be held against it.
Task<http::Response> Calls::reset_password(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::RedeemRecoveryRequest redemption;
  redemption.set_challenge_id(body->id("challenge_id"));
  redemption.set_code(body->digits("code", limits::challenge_code_digits));
  const auto password = body->text("new_password");
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const std::vector<std::string> nobodys_words;
  const auto acceptable = co_await check_new_password(exchange.call, password, nobodys_words);
  if (!acceptable) co_return pass(acceptable);

  const auto redeemed = co_await parts_.identity.redeem_recovery(exchange.call, std::move(redemption));
  if (!redeemed && redeemed.error().code == Code::not_found) co_return code_is_gone();  // never was, or is no more
  if (!redeemed) co_return pass(redeemed);
  const auto user = co_await load_user(exchange.call, redeemed->user_id());
  if (!user) co_return pass(user);
  if (user->status() != identity::v1::USER_STATUS_ACTIVE)
    co_return code_is_gone();
  const auto replaced = co_await replace_and_end_sessions(exchange.call, *user, password, no_session);
  if (!replaced) co_return pass(replaced);
  co_return no_content();  // and logs nobody in (S-88)
}

Task<http::Response> Calls::change_password(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  const auto current_password = body->text("current_password");
  const auto new_password = body->text("new_password");
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto user = co_await load_caller(exchange.call);
  if (!user) co_return pass(user);
  auto account = account_key_of_user(user->id());  // as login counts it: one state for both doors (S-21)
  const auto verified = co_await verify_password(exchange.call, user->id(), current_password, std::move(account));
  if (!verified && verified.error().code == Code::unauthenticated)
    co_return fail(Code::permission_denied, "current_password_wrong", "The current password is wrong.");
  if (!verified) co_return pass(verified);
  auto words = words_of(*user);  // judging a password costs time: only for who has shown the current one
  const auto acceptable = co_await check_new_password(exchange.call, new_password, std::move(words));
  if (!acceptable) co_return pass(acceptable);
  const auto own_session = exchange.call.caller.session_id;
  const auto replaced = co_await replace_and_end_sessions(exchange.call, *user, new_password, own_session);
  if (!replaced) co_return pass(replaced);
  co_return no_content();
}

Task<void> Calls::check_new_password(Call call, std::string password, std::vector<std::string> user_words) {
  credential::v1::CheckPasswordRequest request;
  request.set_password(std::move(password));
  request.set_field("new_password");
  for (auto& word : user_words) request.add_user_words(std::move(word));
  const auto checked = co_await parts_.credential.check_password(call, std::move(request));
  if (!checked) co_return pass(checked);
  co_return Done{};
}

// Before, so that no crash leaves other sessions alive beside the new password; and after, for those that a login with
// the old one was about to open.
Task<void> Calls::replace_and_end_sessions(Call call, identity::v1::User user, std::string password, SessionId except) {
  const auto ended = co_await end_sessions(call, user.id(), except, password_changed);
  if (!ended) co_return pass(ended);
  const auto replaced = co_await replace_password(call, user, std::move(password));
  if (!replaced) co_return pass(replaced);
  co_return co_await end_sessions(call, user.id(), except, password_changed);
}

Task<void> Calls::replace_password(Call call, identity::v1::User user, std::string password) {
  credential::v1::SetPasswordRequest request;
  request.set_user_id(user.id());
  request.set_password(std::move(password));
  request.set_replace(true);
  for (auto& word : words_of(user)) request.add_user_words(std::move(word));
  auto set = co_await parts_.credential.set_password(call, std::move(request));
  if (set) co_return Done{};
  for (auto& field : set.error().fields)
    if (field.field == "password") field.field = "new_password";  // what it is called where the person typed it
  co_return pass(set);
}

Task<void> Calls::end_sessions(Call call, std::string user_id, SessionId except, std::string_view reason) {
  auth::v1::RevokeUserSessionsRequest request;
  request.set_user_id(std::move(user_id));
  if (!except.is_nil()) request.set_except_session_id(except.str());
  request.set_reason(std::string(reason));
  const auto revoked = co_await parts_.auth.revoke_user_sessions(call, std::move(request));
  if (!revoked) co_return pass(revoked);
  co_return Done{};
}

}  // namespace gatehouse::gateway
