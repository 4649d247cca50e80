// Changing a password: with the old one, or with a mailed code.
#include "gateway/account_key.h"
#include "gateway/calls.h"
#include "gateway/password_end.h"
#include "gateway/render.h"
#include "gateway/request_body.h"
#include "runtime/timer.h"
#include "runtime/uninterrupted.h"

namespace gatehouse::gateway {
namespace {

constexpr std::string_view new_password_field = "new_password";

// For what must follow although the caller's own time is over.
Call without_deadline(Call call) {
  call.deadline = SteadyTime::max();
  return call;
}

std::unexpected<Error> current_password_wrong() {
  return fail(Code::permission_denied, "current_password_wrong", "The current password is wrong.");
}

std::unexpected<Error> code_is_gone() {
  return fail(Code::failed_precondition, "challenge_expired", "This code is no longer good. Ask for a new one.");
}

std::unexpected<Error> code_is_refused(const Error& why) {
  if (why.code == Code::not_found) return code_is_gone();  // never was, or is no more
  return std::unexpected(why);
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

// Whatever may refuse a password is over before the code is used up and before anything ends: whose code it is says
// what words to hold against the password, and hashing it is what an overload stops.
Task<http::Response> Calls::reset_password(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::RedeemRecoveryRequest redemption;
  redemption.set_challenge_id(body->id("challenge_id"));
  redemption.set_code(body->digits("code", limits::challenge_code_digits));
  const auto password = body->text("new_password");
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto acceptable = co_await check_new_password(exchange.call, password);
  if (!acceptable) co_return pass(acceptable);
  const auto found = co_await parts_.identity.check_recovery(exchange.call, redemption);
  if (!found) co_return code_is_refused(found.error());
  const auto user = co_await load_user(exchange.call, found->user_id());
  if (!user && user.error().code != Code::not_found) co_return pass(user);
  if (!user || user->status() != identity::v1::USER_STATUS_ACTIVE) co_return code_is_gone();
  auto replacement = co_await prepare_replacement(exchange.call, *user, password);
  if (!replacement) co_return pass(replacement);
  auto redeeming = redeem_and_replace(exchange.call, std::move(redemption), std::move(*replacement));
  const auto replaced = co_await uninterrupted(std::move(redeeming));
  if (!replaced) co_return pass(replaced);
  co_return no_content();  // and logs nobody in (S-88)
}

Task<void> Calls::redeem_and_replace(Call call, identity::v1::RedeemRecoveryRequest redemption,
                                     credential::v1::ReplacePasswordRequest replacement) {
  const auto redeemed = co_await parts_.identity.redeem_recovery(call, std::move(redemption));
  if (!redeemed) co_return code_is_refused(redeemed.error());
  const auto replaced = co_await replace_password(without_deadline(call), std::move(replacement));
  if (!replaced && replaced.error().code == Code::not_found) co_return code_is_gone();
  co_return replaced;
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
  const auto version = co_await verify_own_password(exchange.call, current_password);
  if (!version) co_return pass(version);
  if (new_password == current_password)
    co_return invalid_field("new_password", "password_unchanged", "This is the password you have.");
  auto replacement = co_await prepare_replacement(exchange.call, *user, new_password);  // only for who has shown it
  if (!replacement) co_return pass(replacement);
  replacement->set_expected_version(*version);
  replacement->set_kept_session_id(exchange.call.caller.session_id.str());
  auto replacing = replace_password(exchange.call, std::move(*replacement));
  const auto replaced = co_await uninterrupted(std::move(replacing));
  if (!replaced && replaced.error().code == Code::aborted) co_return current_password_wrong();  // not any more
  if (!replaced && replaced.error().code == Code::not_found) co_return session_revoked();
  if (!replaced) co_return pass(replaced);
  co_return no_content();
}

Task<std::int64_t> Calls::verify_own_password(Call call, std::string password) {
  auto user_id = call.caller.user_id.str();
  auto account = account_key_of_user(user_id);
  auto version = co_await verify_password(call, std::move(user_id), std::move(password), std::move(account));
  if (!version && version.error().code == Code::unauthenticated) co_return current_password_wrong();
  co_return version;
}

Task<void> Calls::check_new_password(Call call, std::string password) {
  credential::v1::CheckPasswordRequest request;
  request.set_password(std::move(password));
  request.set_field(std::string(new_password_field));
  const auto checked = co_await parts_.credential.check_password(call, std::move(request));
  if (!checked) co_return pass(checked);
  co_return Done{};
}

Task<credential::v1::ReplacePasswordRequest> Calls::prepare_replacement(Call call, identity::v1::User user,
                                                                        std::string password) {
  credential::v1::PreparePasswordRequest request;
  request.set_user_id(user.id());
  request.set_password(std::move(password));
  request.set_field(std::string(new_password_field));
  request.add_user_words(user.username());
  if (!user.email().empty()) request.add_user_words(user.email());
  auto prepared = co_await parts_.credential.prepare_password(call, std::move(request));
  if (!prepared) co_return pass(prepared);
  credential::v1::ReplacePasswordRequest replacement;
  replacement.set_user_id(user.id());
  replacement.set_prepared(std::move(*prepared->mutable_sealed()));
  co_return replacement;
}

// To be run uninterrupted: with the password goes what the old one has opened.
Task<void> Calls::replace_password(Call call, credential::v1::ReplacePasswordRequest request) {
  const auto user_id = request.user_id();
  const auto kept = request.kept_session_id();
  const auto replaced = co_await parts_.credential.replace_password(call, std::move(request));
  if (!replaced) co_return pass(replaced);
  co_return co_await end_password(parts_.identity, parts_.auth, without_deadline(call), user_id, kept);
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
