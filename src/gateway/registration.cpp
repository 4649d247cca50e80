#include "gateway/registration.h"

#include <array>

#include "base/bytes.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "gateway/account_key.h"
#include "telemetry/log.h"

namespace gatehouse::gateway {
namespace {

constexpr std::int64_t first_password_version = 1;
constexpr int sweep_users_max = 100;  // a round; the next one takes the rest

// What was asked under the key, without the password: a stored digest of it would be a way to guess it. Each part is
// preceded by its length, so that no two requests look alike.
std::string request_hash(const RegistrationRequest& asked) {
  std::string text;
  for (const auto* part : {&asked.username, &asked.email, &asked.challenge_id})
    text.append(std::to_string(part->size())).append(":").append(*part);
  const auto digest = crypto::sha256(text);
  return to_base64url(as_view(digest));
}

std::string random_key(Random& random) {
  std::array<std::uint8_t, 24> octets{};
  random.fill(octets);
  return to_base64url(as_view(octets));
}

std::unexpected<Error> invalid_credentials() {
  return fail(Code::unauthenticated, "invalid_credentials", "The name or the password is wrong.");
}

// Whether trying the same again cannot help.
bool is_final(const Error& error) {
  switch (error.code) {
    case Code::invalid_argument:
    case Code::failed_precondition:
    case Code::already_exists:
    case Code::not_found:
    case Code::permission_denied: return true;
    default: return false;
  }
}

Task<void> release(identity::Api& identity, credential::Api& credential, Call call, std::string user_id) {
  identity::v1::ReleaseUserRequest request;
  request.set_user_id(user_id);
  const auto released = co_await identity.release_user(call, std::move(request));
  if (!released) co_return pass(released);
  if (!released->released()) {
    identity::v1::GetUserRequest question;
    question.set_user_id(user_id);
    const auto user = co_await identity.get_user(call, std::move(question));
    if (user) co_return Done{};  // active meanwhile: its password stays
    if (user.error().code != Code::not_found) co_return pass(user);
  }
  credential::v1::DeleteCredentialsRequest credentials;
  credentials.set_user_id(user_id);
  const auto deleted = co_await credential.delete_credentials(call, std::move(credentials));
  if (!deleted) co_return pass(deleted);
  co_return Done{};
}

Task<void> finish_or_release(identity::Api& identity, credential::Api& credential, std::string user_id) {
  const Call call{};
  credential::v1::HasPasswordRequest question;
  question.set_user_id(user_id);
  const auto answer = co_await credential.has_password(call, std::move(question));
  if (!answer) co_return pass(answer);
  if (!answer->has_password()) co_return co_await release(identity, credential, call, user_id);
  identity::v1::ActivateUserRequest request;
  request.set_user_id(user_id);
  const auto active = co_await identity.activate_user(call, std::move(request));
  if (!active) co_return pass(active);
  co_return Done{};
}

}  // namespace

Task<Registered> Registration::run(Call call, RegistrationRequest asked) {
  auto account = co_await create_account(call, asked);
  if (!account) co_return pass(account);
  const auto& user = account->user;
  if (user.status() != identity::v1::USER_STATUS_ACTIVE) co_return invalid_credentials();
  auth::v1::CreateSessionRequest session;
  session.set_user_id(user.id());
  session.set_user_agent(asked.user_agent);
  session.set_source(call.caller.source.str());
  session.set_idempotency_key(asked.key);
  session.set_password_version(account->password_version);
  session.set_began_at_ms(to_ms(asked.began_at));
  auto tokens = co_await auth_.create_session(call, std::move(session));
  if (!tokens) co_return pass(tokens);
  co_return Registered{.user = std::move(account->user), .tokens = *std::move(tokens)};
}

Task<Account> Registration::create_account(Call call, RegistrationRequest asked) {
  const bool is_resumable = !asked.key.empty();
  const auto created = co_await create_user(call, asked);
  if (!created) co_return pass(created);
  const auto user_id = created->user().id();
  if (created->user().status() == identity::v1::USER_STATUS_DISABLED)
    co_return co_await refuse_disabled(call, asked, user_id);

  const auto proven = co_await set_or_prove_password(call, asked, *created);
  if (!proven && created->resumed()) co_return pass(proven);  // it is the first try's user: leave it alone
  if (!proven) co_return co_await give_up(call, is_resumable, user_id, proven.error());

  const auto attached = co_await attach_email(call, asked, user_id);
  if (!attached) co_return co_await give_up(call, is_resumable, user_id, attached.error());

  identity::v1::ActivateUserRequest activation;
  activation.set_user_id(user_id);
  auto active = co_await identity_.activate_user(call, std::move(activation));
  if (!active && active.error().code == Code::permission_denied) co_return invalid_credentials();
  if (!active) co_return co_await give_up(call, is_resumable, user_id, active.error());
  co_return Account{.user = *std::move(active), .password_version = *proven};
}

Task<Account> Registration::refuse_disabled(Call call, RegistrationRequest asked, std::string user_id) {
  credential::v1::VerifyPasswordRequest request;  // against nobody's password
  request.set_password(asked.password);
  request.set_account(account_key_of_user(user_id));
  const auto verified = co_await credential_.verify_password(call, std::move(request));
  if (!verified && verified.error().code != Code::unauthenticated) co_return pass(verified);
  co_return invalid_credentials();
}

Task<identity::v1::CreateUserResponse> Registration::create_user(Call call, RegistrationRequest asked) {
  credential::v1::CheckPasswordRequest check;  // first, so that a bad password leaves no pending user behind
  check.set_password(asked.password);
  check.set_field("password");
  check.add_user_words(asked.username);
  if (!asked.email.empty()) check.add_user_words(asked.email);
  const auto acceptable = co_await credential_.check_password(call, std::move(check));
  if (!acceptable) co_return pass(acceptable);

  identity::v1::CreateUserRequest request;
  request.set_idempotency_key("register:" + (asked.key.empty() ? random_key(random_) : asked.key));
  request.set_request_hash(request_hash(asked));
  request.set_username(asked.username);
  request.set_email(asked.email);
  co_return co_await identity_.create_user(call, std::move(request));
}

Task<std::int64_t> Registration::set_or_prove_password(Call call, RegistrationRequest asked,
                                                       identity::v1::CreateUserResponse created) {
  const auto user_id = created.user().id();
  if (created.resumed()) {
    credential::v1::HasPasswordRequest question;
    question.set_user_id(user_id);
    const auto answer = co_await credential_.has_password(call, std::move(question));
    if (!answer) co_return pass(answer);
    if (answer->has_password()) co_return co_await prove_password(call, std::move(asked), user_id);
    if (created.user().status() != identity::v1::USER_STATUS_PENDING)
      co_return fail(Code::aborted, "idempotency_key_reused", "This key has been used for another request.");
  }
  credential::v1::SetPasswordRequest request;
  request.set_user_id(user_id);
  request.set_password(asked.password);
  request.add_user_words(asked.username);
  if (!asked.email.empty()) request.add_user_words(asked.email);
  const auto set = co_await credential_.set_password(call, std::move(request));
  if (!set) co_return pass(set);
  if (set->changed()) co_return first_password_version;
  co_return co_await prove_password(call, std::move(asked), user_id);  // another try under this key was faster
}

Task<std::int64_t> Registration::prove_password(Call call, RegistrationRequest asked, std::string user_id) {
  credential::v1::VerifyPasswordRequest request;
  request.set_user_id(user_id);
  request.set_password(asked.password);
  request.set_account(account_key_of_user(user_id));
  const auto verified = co_await credential_.verify_password(call, std::move(request));
  if (verified) co_return verified->version();
  if (verified.error().code != Code::unauthenticated) co_return pass(verified);
  co_return fail(Code::aborted, "idempotency_key_reused", "This key has been used with another password.");
}

Task<void> Registration::attach_email(Call call, RegistrationRequest asked, std::string user_id) {
  if (asked.email.empty()) co_return Done{};
  identity::v1::AttachIdentifierRequest request;
  request.set_user_id(user_id);
  request.set_type("email");
  request.set_value(asked.email);
  request.set_challenge_id(asked.challenge_id);
  const auto attached = co_await identity_.attach_identifier(call, std::move(request));
  if (!attached) co_return pass(attached);
  co_return Done{};
}

Task<Account> Registration::give_up(Call call, bool is_resumable, std::string user_id, Error why) {
  if (!is_resumable || is_final(why)) {
    const auto released = co_await release(identity_, credential_, call, std::move(user_id));
    if (!released) log::failure("a registration could not be undone; the sweeper will", call, released.error());
  }
  co_return std::unexpected(std::move(why));
}

Task<void> sweep_registrations_once(identity::Api& identity, credential::Api& credential, WallTime now) {
  identity::v1::ListPendingUsersRequest request;
  request.set_created_before_ms(to_ms(now) - limits::pending_user_ms);
  request.set_limit(sweep_users_max);
  const Call call{};
  const auto pending = co_await identity.list_pending_users(call, std::move(request));
  if (!pending) co_return pass(pending);
  Done outcome;
  for (const auto& user : pending->users()) {
    auto done = co_await finish_or_release(identity, credential, user.id());
    if (!done) outcome = std::move(done);  // one that fails does not keep the others waiting
  }
  co_return outcome;
}

}  // namespace gatehouse::gateway
