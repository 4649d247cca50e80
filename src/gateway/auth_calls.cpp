// Registering, logging in, refreshing, logging out.
#include <algorithm>

#include "gateway/account_key.h"
#include "gateway/calls.h"
#include "gateway/conditional.h"
#include "gateway/render.h"
#include "gateway/request_body.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t user_agent_bytes_max = 256;
constexpr std::size_t login_name_chars_max = 254;
constexpr std::size_t login_password_chars_max = 1024;
constexpr std::size_t refresh_token_chars_max = 512;

// The client's own name for this request. Empty when it sent none.
Result<std::string> idempotency_key(const Exchange& exchange) {
  const auto sent = exchange.request->count("idempotency-key");
  if (sent == 0) return std::string();
  const auto key = exchange.header("idempotency-key");
  const bool is_visible = std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  if (sent == 1 && !key.empty() && key.size() <= limits::idempotency_key_bytes_max && is_visible)
    return std::string(key);
  return fail(Code::invalid_argument, "idempotency_key_invalid",
              "An Idempotency-Key has 1 to 128 visible ASCII characters, and stands once.");
}

// Who wants to log in, by one of two names.
struct Login {
  std::optional<std::string> username, email;
  std::string password;
  [[nodiscard]] const std::string& name() const { return username ? *username : *email; }
};

Result<Login> read_login(const Exchange& exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) return pass(body);
  Login login;
  login.username = body->optional_text("username");
  login.email = body->optional_text("email");
  login.password = body->text("password");
  const bool has_password = body->has_text("password");
  if (login.username && login.email) {
    body->refuse("username", "ambiguous", "Send either a username or an e-mail address.");
    body->refuse("email", "ambiguous", "Send either a username or an e-mail address.");
  }
  // What nobody's name or password can be is refused before anybody is looked for, so it says nothing about them.
  if (login.username) body->bound("username", *login.username, login_name_chars_max);
  if (login.email) body->bound("email", *login.email, login_name_chars_max);
  if (has_password) body->bound("password", login.password, login_password_chars_max);
  const auto valid = body->finish();
  if (!valid) return pass(valid);
  if (!login.username && !login.email)
    return invalid_field("username", "required", "Send a username or an e-mail address.");
  return login;
}

// One for all spellings of one name or address.
std::string typed_key(const Login& login) {
  const auto email = login.email ? identity::email_key(*login.email) : Result<std::string>(login.name());
  return account_key_of_nobody(email ? *email : login.name());
}

std::unexpected<Error> too_many_attempts(const Admission& admission) {  // as credential says it
  auto failed = fail(Code::resource_exhausted, "too_many_attempts", "Too many attempts. Try again later.");
  failed.error().retry_after_ms = admission.retry_after_ms;
  return failed;
}

// A name nobody can have is a name nobody has: to the outside they are the same.
bool is_nobody(const Error& error) {
  return error.code == Code::not_found || error.code == Code::invalid_argument;
}

Task<identity::v1::User> find_user(identity::Api& identity, Call call, Login login) {
  if (login.username) {
    identity::v1::GetUserByUsernameRequest request;
    request.set_username(*login.username);
    co_return co_await identity.get_user_by_username(call, std::move(request));
  }
  identity::v1::GetUserByEmailRequest request;
  request.set_email(*login.email);
  co_return co_await identity.get_user_by_email(call, std::move(request));
}

}  // namespace

std::string user_agent_of(const http::Request& request) {
  std::string agent(request.header("user-agent").substr(0, user_agent_bytes_max));
  std::ranges::replace_if(agent, [](char c) { return c < ' ' || c > '~'; }, '?');
  return agent;
}

Task<http::Response> Calls::register_user(Exchange exchange) {
  auto key = idempotency_key(exchange);
  if (!key) co_return pass(key);
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  RegistrationRequest asked;
  asked.key = std::move(*key);
  asked.username = body->text("username");
  auto email = body->nullable_text("email");
  const bool has_empty_email = email && email->empty();
  asked.email = std::move(email).value_or("");
  asked.password = body->text("password");
  asked.challenge_id = body->optional_id("challenge_id");
  asked.user_agent = user_agent_of(*exchange.request);
  asked.began_at = exchange.arrived.wall;
  if (has_empty_email) body->refuse("email", "email_invalid", "This is not an e-mail address.");
  if (!asked.challenge_id.empty() && asked.email.empty() && !body->has("email"))
    body->refuse("email", "required", "A challenge proves an address: which one?");
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  if (!asked.email.empty()) {  // it will be welcomed by mail, whoever's it is
    const auto admission = admit_recipient(exchange, asked.email);
    if (!admission.allowed) co_return rate_limited(admission);
  }

  const auto registered = co_await registration_.run(exchange.call, std::move(asked));
  if (!registered) co_return pass(registered);
  auto response = json_response(201);
  json::Writer json(response.body);
  json.begin_object().key("user");
  write_user(json, registered->user);
  json.key("tokens");
  write_tokens(json, registered->tokens);
  json.end_object();
  response.with("location", "/api/v1/users/" + registered->user.id());
  response.with("etag", etag_of_version(registered->user.version()));
  co_return response;
}

Task<http::Response> Calls::login(Exchange exchange) {
  auto login = read_login(exchange);
  if (!login) co_return pass(login);
  const auto user = co_await find_user(parts_.identity, exchange.call, *login);
  if (!user && !is_nobody(user.error())) co_return pass(user);
  // Unknown, pending and disabled people are verified like anybody else, against nobody's password: equal work,
  // equal answers (S-16, S-17).
  const bool may_log_in = user && user->status() == identity::v1::USER_STATUS_ACTIVE;
  const std::string user_id = may_log_in ? user->id() : std::string();
  auto name = typed_key(*login);
  const auto admission = parts_.limits.admit_guess(name, exchange.call.caller.source);
  if (!admission.allowed) co_return too_many_attempts(admission);
  auto account = user ? account_key_of_user(user->id()) : name;
  const auto verified = co_await verify_password(exchange.call, user_id, login->password, std::move(account), name);
  if (!verified) co_return pass(verified);
  parts_.limits.forgive_guesses(name, exchange.call.caller.source);
  const auto tokens = co_await open_session(exchange, user_id, *verified);
  if (!tokens) co_return pass(tokens);
  co_return json_response(200, *tokens, write_tokens);
}

Task<http::Response> Calls::refresh(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  auth::v1::RefreshRequest request;
  request.set_refresh_token(body->text("refresh_token"));
  if (body->has_text("refresh_token")) body->bound("refresh_token", request.refresh_token(), refresh_token_chars_max);
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto tokens = co_await parts_.auth.refresh(exchange.call, std::move(request));
  if (!tokens) co_return pass(tokens);
  co_return json_response(200, *tokens, write_tokens);
}

Task<http::Response> Calls::logout(Exchange exchange) {
  const auto empty = refuse_body(exchange);
  if (!empty) co_return pass(empty);
  auth::v1::RevokeSessionRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  request.set_session_id(exchange.call.caller.session_id.str());
  const auto revoked = co_await parts_.auth.revoke_session(exchange.call, std::move(request));
  if (!revoked && revoked.error().code != Code::not_found) co_return pass(revoked);  // gone is gone
  co_return no_content();
}

Task<auth::v1::Tokens> Calls::open_session(Exchange exchange, std::string user_id, std::int64_t password_version) {
  auth::v1::CreateSessionRequest request;
  request.set_user_id(std::move(user_id));
  request.set_user_agent(user_agent_of(*exchange.request));
  request.set_source(exchange.call.caller.source.str());
  request.set_began_at_ms(to_ms(exchange.arrived.wall));
  request.set_password_version(password_version);
  co_return co_await parts_.auth.create_session(exchange.call, std::move(request));
}

Task<std::int64_t> Calls::verify_password(Call call, std::string user_id, std::string password, std::string account,
                                          std::string name) {
  credential::v1::VerifyPasswordRequest request;
  request.set_user_id(std::move(user_id));
  request.set_password(std::move(password));
  request.set_account(std::move(account));
  request.set_name(std::move(name));
  const auto verified = co_await parts_.credential.verify_password(call, std::move(request));
  if (!verified) co_return pass(verified);
  co_return verified->version();
}

}  // namespace gatehouse::gateway
