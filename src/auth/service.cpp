#include "auth/service.h"

#include <prometheus/counter.h>

#include <algorithm>

#include "auth/page_token.h"
#include "base/limits.h"
#include "runtime/timer.h"
#include "runtime/uninterrupted.h"
#include "telemetry/log.h"

namespace gatehouse::auth {
namespace {

std::unexpected<Error> invalid_refresh_token() {
  return fail(Code::unauthenticated, "invalid_refresh_token", "The refresh token is not valid. Log in again.");
}

// What a client says about itself, as printable ASCII of bounded length: it is shown to people and put into JSON.
std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out(text.substr(0, bytes_max));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

Result<std::string_view> reason_named(std::string_view name) {
  if (name.empty()) return reason::user;
  for (const auto known : {reason::user, reason::password_changed, reason::disabled, reason::deleted})
    if (name == known) return known;
  return invalid_field("reason", "reason_unknown", "Sessions do not end for this reason.");
}

v1::Session to_message(const Session& session) {
  v1::Session message;
  message.set_id(session.id.str());
  message.set_created_at_ms(to_ms(session.created_at));
  message.set_last_used_at_ms(to_ms(session.last_used_at));
  message.set_expires_at_ms(to_ms(session.expires_at));
  message.set_user_agent(session.user_agent);
  message.set_source(session.source);
  return message;
}

}  // namespace

struct Service::Grant {
  std::string user_id, scope;
  SessionId session;
  WallTime now{}, session_expires_at{};
};

struct Service::Counters {
  explicit Counters(telemetry::Metrics& metrics)
      : opened(metrics.counter("gatehouse_sessions_opened_total", "Sessions opened.")),
        rotated(refreshes(metrics, "rotated")),
        replayed(refreshes(metrics, "replayed")),
        reused(refreshes(metrics, "reused")),
        refused(refreshes(metrics, "refused")),
        revoked(metrics.counter("gatehouse_sessions_revoked_total", "Sessions ended before their time.")) {}
  static prometheus::Counter& refreshes(telemetry::Metrics& metrics, const std::string& result) {
    return metrics.counter("gatehouse_refreshes_total", "Refresh tokens presented, by result.", {{"result", result}});
  }
  prometheus::Counter &opened, &rotated, &replayed, &reused, &refused, &revoked;
};

Service::Service(std::unique_ptr<Store> store, ServiceParts parts)
    : store_(std::move(store)),
      parts_(std::move(parts)),
      refresh_tokens_(parts_.master_key, parts_.random),
      page_token_key_(parts_.master_key.derive("auth.page-token")),
      keys_(*store_, parts_.master_key, parts_.alg, parts_.clock, parts_.random),
      count_(std::make_unique<Counters>(parts_.metrics)) {}

Service::~Service() = default;

Task<v1::Tokens> Service::create_session(Call call, v1::CreateSessionRequest request) {
  if (!UserId::parse(request.user_id())) co_return invalid_field("user_id", "user_id_invalid", "Not a user id.");
  if (request.idempotency_key().size() > limits::idempotency_key_bytes_max)
    co_return invalid_field("idempotency_key", "idempotency_key_too_long", "The idempotency key is too long.");
  if (request.began_at_ms() <= 0)
    co_return invalid_field("began_at_ms", "required", "When did it begin to be established who this is?");
  auto opening = open_and_announce(call, std::move(request));
  co_return co_await uninterrupted(std::move(opening));
}

OpenSession Service::open_request(const v1::CreateSessionRequest& request, WallTime now) const {
  OpenSession open;
  open.session = {.id = {Uuid::make_v7(now, parts_.random)},
                  .user_id = request.user_id(),
                  .user_agent = printable(request.user_agent(), limits::user_agent_bytes_max),
                  .source = printable(request.source(), 64),
                  .scope = request.scope(),
                  .created_at = now,
                  .last_used_at = now,
                  .expires_at = now + std::chrono::seconds{parts_.config.session_lifetime_s}};
  open.has_idempotency_key = !request.idempotency_key().empty();
  if (open.has_idempotency_key)
    open.idempotency_key = refresh_tokens_.digest_of_key(request.user_id(), request.idempotency_key());
  open.access_expires_at = now + access_lifetime();
  open.sessions_max = limits::sessions_per_user_max;
  open.began_at = from_ms(request.began_at_ms());
  open.password_version = request.password_version();
  return open;
}

Task<v1::Tokens> Service::open_and_announce(Call call, v1::CreateSessionRequest request) {
  const auto keys = co_await keys_.ready(call);
  if (!keys) co_return pass(keys);
  const auto now = parts_.clock.wall();
  auto open = open_request(request, now);
  auto token = open.has_idempotency_key ? refresh_tokens_.make_first(open.session.id, request.idempotency_key())
                                        : refresh_tokens_.make(open.session.id);
  open.token = RefreshTokens::digest_of(token);
  auto opened = co_await store_->open_session(call, std::move(open), moment_of(call, now));
  if (!opened) co_return pass(opened);
  auto announced = co_await announce(std::move(opened->ended));
  if (!announced) co_return pass(announced);
  if (opened->is_resumed) token = refresh_tokens_.make_first(opened->session.id, request.idempotency_key());
  if (!opened->is_resumed) count_->opened.Increment();
  const Grant grant{.user_id = opened->session.user_id,
                    .scope = opened->session.scope,
                    .session = opened->session.id,
                    .now = now,
                    .session_expires_at = opened->session.expires_at};
  co_return tokens_of(**keys, grant, token);
}

Task<v1::Tokens> Service::refresh(Call call, v1::RefreshRequest request) {
  auto presented = refresh_tokens_.parse(request.refresh_token());
  wipe(*request.mutable_refresh_token());
  if (!presented) {
    count_->refused.Increment();
    co_return invalid_refresh_token();
  }
  auto rotating = rotate_and_announce(call, std::move(*presented));
  co_return co_await uninterrupted(std::move(rotating));
}

Task<v1::Tokens> Service::rotate_and_announce(Call call, RefreshToken presented) {
  const auto keys = co_await keys_.ready(call);
  if (!keys) co_return pass(keys);
  const auto now = parts_.clock.wall();
  auto successor = refresh_tokens_.make(presented.session);
  Rotation rotation{.session = presented.session,
                    .presented = RefreshTokens::digest_of(presented),
                    .successor = {.token = RefreshTokens::digest_of(successor),
                                  .sealed = refresh_tokens_.seal_successor(presented, successor)},
                    .access_expires_at = now + access_lifetime(),
                    .replay_window = Milliseconds{parts_.config.refresh_replay_window_ms}};
  auto outcome = co_await store_->rotate(call, std::move(rotation), moment_of(call, now));
  if (!outcome) co_return pass(outcome);
  switch (outcome->step) {
    case refresh::Step::refuse: count_->refused.Increment(); co_return invalid_refresh_token();
    case refresh::Step::revoke: co_return co_await end_reused(presented.session, outcome->revoked_until);
    case refresh::Step::replay: {
      count_->replayed.Increment();
      auto same = RefreshTokens::open_successor(presented, outcome->sealed_successor);
      if (!same) co_return pass(same);
      successor = std::move(*same);
      break;
    }
    case refresh::Step::rotate: count_->rotated.Increment(); break;
  }
  const Grant grant{.user_id = std::move(outcome->user_id),
                    .scope = std::move(outcome->scope),
                    .session = presented.session,
                    .now = now,
                    .session_expires_at = outcome->expires_at};
  co_return tokens_of(**keys, grant, successor);
}

Task<v1::Tokens> Service::end_reused(SessionId session, WallTime revoked_until) {
  count_->reused.Increment();
  const auto id = session.str();
  log::warn("a refresh token was used twice; its session has been ended", {{"session_id", id}});
  std::vector<Revocation> ended{{session, revoked_until}};
  auto announced = co_await announce(std::move(ended));
  if (!announced) co_return pass(announced);
  co_return invalid_refresh_token();
}

v1::Tokens Service::tokens_of(const LoadedKeys& keys, const Grant& grant, const RefreshToken& refresh) const {
  const auto expires_at = std::min(grant.now + access_lifetime(), grant.session_expires_at);
  const crypto::AccessClaims claims{.issuer = parts_.issuer,
                                    .audience = parts_.config.audience,
                                    .subject = grant.user_id,
                                    .session_id = grant.session.str(),
                                    .token_id = Uuid::make_v7(grant.now, parts_.random).str(),
                                    .scope = grant.scope,
                                    .issued_at_s = to_seconds(grant.now),
                                    .expires_at_s = to_seconds(expires_at)};
  v1::Tokens tokens;
  tokens.set_access_token(crypto::sign_access_token(keys.current, claims));
  tokens.set_access_expires_in_s(claims.expires_at_s - claims.issued_at_s);
  tokens.set_refresh_token(refresh_tokens_.text_of(refresh));
  tokens.set_refresh_expires_in_s(to_seconds(grant.session_expires_at) - claims.issued_at_s);
  tokens.set_session_id(claims.session_id);
  return tokens;
}

Task<v1::ListSessionsResponse> Service::list_sessions(Call call, v1::ListSessionsRequest request) {
  if (request.page_size() < 0) co_return invalid_field("page_size", "page_size_invalid", "The page size is negative.");
  const auto asked = static_cast<std::size_t>(request.page_size());
  const auto size = asked == 0 ? limits::page_items_max : std::min(asked, limits::page_items_max);
  std::optional<SessionId> before;
  if (!request.page_token().empty()) {
    auto last = parse_page_token(page_token_key_, request.user_id(), request.page_token());
    if (!last) co_return pass(last);
    before = *last;
  }
  auto found = co_await store_->list_sessions(call, request.user_id(), before, size + 1, parts_.clock.wall());
  if (!found) co_return pass(found);
  const bool has_more = found->size() > size;
  if (has_more) found->pop_back();
  v1::ListSessionsResponse response;
  for (const auto& session : *found) *response.add_sessions() = to_message(session);
  if (has_more)
    response.set_next_page_token(make_page_token(page_token_key_, request.user_id(), found->back().id, parts_.random));
  co_return response;
}

Task<v1::RevokeSessionResponse> Service::revoke_session(Call call, v1::RevokeSessionRequest request) {
  const auto session = SessionId::parse(request.session_id());
  if (!session) co_return not_found("session_not_found", "There is no such session.");
  const bool is_own = call.caller.session_id == *session;
  RevokeSessions revoke{
      .user_id = request.user_id(), .only = *session, .reason = is_own ? reason::logout : reason::user};
  auto revoking = revoke_and_announce(call, std::move(revoke));
  auto revoked = co_await uninterrupted(std::move(revoking));
  if (!revoked) co_return pass(revoked);
  if (revoked->empty()) co_return not_found("session_not_found", "There is no such session.");
  co_return v1::RevokeSessionResponse();
}

Task<v1::RevokeUserSessionsResponse> Service::revoke_user_sessions(Call call, v1::RevokeUserSessionsRequest request) {
  const auto why = reason_named(request.reason());
  if (!why) co_return pass(why);
  RevokeSessions revoke{.user_id = request.user_id(), .reason = *why};
  if (request.password_version() > 0) revoke.password_version = request.password_version();
  if (request.as_of_ms() > 0) revoke.as_of = from_ms(request.as_of_ms());
  if (!request.except_session_id().empty()) {
    revoke.except = SessionId::parse(request.except_session_id());
    if (!revoke.except) co_return invalid_field("except_session_id", "session_id_invalid", "Not a session id.");
  }
  auto revoking = revoke_and_announce(call, std::move(revoke));
  auto revoked = co_await uninterrupted(std::move(revoking));
  if (!revoked) co_return pass(revoked);
  (void)co_await sleep_for(Milliseconds{1});  // who begins to log in after the answer is after the cutoff
  v1::RevokeUserSessionsResponse response;
  response.set_revoked(static_cast<std::int32_t>(revoked->size()));
  co_return response;
}

Task<std::vector<Revocation>> Service::revoke_and_announce(Call call, RevokeSessions request) {
  auto revoked = co_await store_->revoke(call, std::move(request), moment_of(call, parts_.clock.wall()));
  if (!revoked) co_return pass(revoked);
  auto announced = co_await announce(*revoked);
  if (!announced) co_return pass(announced);
  co_return revoked;
}

// Returns once every shard of this process refuses the access tokens of these sessions.
Task<void> Service::announce(std::vector<Revocation> revoked) {
  if (revoked.empty()) co_return Done();
  count_->revoked.Increment(static_cast<double>(revoked.size()));
  SessionsRevoked notice;
  for (const auto& one : revoked) {
    notice.sessions.push_back(one.session);
    notice.until = std::max(notice.until, one.until);
  }
  co_return co_await parts_.revocations.publish(std::move(notice));
}

Task<v1::ListRevocationsResponse> Service::list_revocations(Call call, v1::ListRevocationsRequest) {
  const auto revoked = co_await store_->list_revocations(call, parts_.clock.wall());
  if (!revoked) co_return pass(revoked);
  v1::ListRevocationsResponse response;
  for (const auto& one : *revoked) {
    auto* message = response.add_revocations();
    message->set_session_id(one.session.str());
    message->set_until_ms(to_ms(one.until));
  }
  co_return response;
}

}  // namespace gatehouse::auth
