#include "gateway/authenticator.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <ranges>

#include "base/limits.h"
#include "crypto/digest.h"
#include "telemetry/log.h"

namespace gatehouse::gateway {
namespace {

constexpr Milliseconds key_questions_apart{5'000};  // between two loads that an unknown kid asks for
constexpr Milliseconds key_retry_after{1'000};      // a failed load

std::unexpected<Error> unauthenticated(std::string_view reason, std::string_view message) {
  return fail(Code::unauthenticated, reason, message);
}

bool has_token_in_query(std::string_view query) {
  return query.starts_with("access_token=") || query.find("&access_token=") != std::string_view::npos;
}

bool is_bearer_scheme(std::string_view text) {
  constexpr std::string_view scheme = "bearer ";
  if (text.size() < scheme.size()) return false;
  return std::ranges::equal(text.substr(0, scheme.size()), scheme, [](char sent, char wanted) {
    return sent == wanted || (sent >= 'A' && sent <= 'Z' && sent + 32 == wanted);
  });
}

// Visible ASCII and no comma, told in a loop without branches that compilers vectorise: it runs on every request.
// Which of these may stand in a token is the verifier's business.
bool is_one_word(std::string_view text) {
  unsigned bad = 0;
  for (const char c : text) bad |= static_cast<unsigned>((c <= ' ') | (c == '\x7f') | (c == ','));
  return bad == 0;
}

// Both clocks: the wall clock may be set back, and a token must not live longer for it.
bool is_expired(const VerifiedToken& token, Instant now) {
  return to_seconds(now.wall) >= token.expires_at_s || now.steady >= token.expires_at;
}

}  // namespace

Result<std::string_view> bearer_token(const http::Request& request) {
  const auto sent = request.count("authorization");
  const bool is_in_query = has_token_in_query(request.query);
  if (sent > 1 || (sent == 1 && is_in_query))
    return fail(Code::invalid_argument, "malformed_header", "Send one access token, in one Authorization header.");
  if (sent == 0) return unauthenticated("token_missing", "Send an access token in the Authorization header.");
  auto value = request.header("authorization");
  if (!is_bearer_scheme(value)) return unauthenticated("token_missing", "Only bearer tokens are taken here.");
  value.remove_prefix(std::string_view("bearer ").size());
  const bool is_bounded = !value.empty() && value.size() <= limits::token_bytes_max;
  if (is_bounded && is_one_word(value)) return value;
  if (is_bounded && value.find_first_of(", ") != std::string_view::npos)
    return fail(Code::invalid_argument, "malformed_header", "Send one access token, in one Authorization header.");
  return unauthenticated("token_malformed", "The access token is malformed.");
}

Authenticator::Authenticator(Shard& shard, auth::Api& auth, crypto::AccessExpectations expected, const Clock& clock)
    : auth_(auth),
      expected_(std::move(expected)),
      clock_(clock),
      tokens_(limits::verified_tokens_max),
      loaded_(shard.executor(), SteadyTime::max()) {}

void Authenticator::subscribe(Shard& shard, Bus<auth::SessionsRevoked>& revocations,
                              Bus<auth::KeysChanged>& key_changes) {
  revocations.subscribe(shard, [this](const auth::SessionsRevoked& notice) {
    const auto now = clock_.wall();
    for (const auto& session : notice.sessions) revocations_.add(session, notice.until, now);
  });
  key_changes.subscribe(shard, [this](const auth::KeysChanged& notice) {
    if (notice.generation != generation_) keys_are_stale_ = true;
  });
}

Result<VerifiedToken> Authenticator::verify_afresh(std::string_view token, Instant now) const {
  const auto claims = crypto::verify_access_token(token, keys_, expected_, now.wall);
  if (!claims) return pass(claims);
  const auto user = UserId::parse(claims->subject);
  const auto session = SessionId::parse(claims->session_id);
  if (!user || !session) return unauthenticated("token_claims_invalid", "The access token is not one of ours.");
  const auto expires_at_s = claims->expires_at_s + expected_.skew_s;
  const auto left = std::chrono::seconds{expires_at_s - to_seconds(now.wall)};
  return VerifiedToken{*user, *session, expires_at_s, now.steady + left};
}

std::optional<Caller> Authenticator::remembered(std::string_view token, Instant now) {
  if (needs_loading()) return std::nullopt;
  const auto* known = tokens_.find(crypto::sha256(token));
  if (!known || is_expired(*known, now) || revocations_.contains(known->session_id)) return std::nullopt;
  return Caller{.user_id = known->user_id, .session_id = known->session_id, .source = {}};
}

Result<Caller> Authenticator::verify(std::string_view token) {
  const auto digest = crypto::sha256(token);
  const Instant now{clock_.wall(), clock_.steady()};
  const auto* known = tokens_.find(digest);
  if (known && is_expired(*known, now)) {
    tokens_.erase(digest);
    return unauthenticated("token_expired", "The access token has expired.");
  }
  if (!known) {
    const auto verified = verify_afresh(token, now);
    if (!verified) return pass(verified);
    known = tokens_.put(digest, *verified);
  }
  if (revocations_.contains(known->session_id))
    return unauthenticated("session_revoked", "This session has ended. Log in again.");
  return Caller{.user_id = known->user_id, .session_id = known->session_id, .source = {}};
}

Task<Caller> Authenticator::authenticate(Call call, std::string_view token) {
  if (needs_loading()) {
    const auto loaded = co_await load(call);
    if (!loaded) co_return pass(loaded);
  }
  auto caller = verify(token);
  const bool is_key_unknown = !caller && caller.error().reason == "token_key_unknown";
  if (!is_key_unknown || !(is_loading_ || may_ask_for_keys())) co_return caller;
  if (!is_loading_) keys_are_stale_ = true;  // else whoever loads may be about to learn of it
  const auto loaded = co_await load(call);
  if (!loaded) co_return pass(loaded);
  co_return verify(token);
}

bool Authenticator::may_ask_for_keys() const { return clock_.steady() - keys_asked_at_ >= key_questions_apart; }

Task<void> Authenticator::load(Call call) {
  while (is_loading_) co_await loaded_.async_wait(asio::as_tuple(use_async));
  if (!needs_loading()) co_return Done{};  // whoever was first has done it for us
  struct Loading {  // however this ends, those who wait go on
    Authenticator& self;
    explicit Loading(Authenticator& who) : self(who) { self.is_loading_ = true; }
    Loading(const Loading&) = delete;
    Loading& operator=(const Loading&) = delete;
    ~Loading() {
      self.is_loading_ = false;
      self.loaded_.cancel();
    }
  };
  const Loading loading(*this);
  ++loads_;
  if (!has_revocations_) {
    const auto heard = co_await load_revocations(call);
    if (!heard) co_return pass(heard);
  }
  if (keys_are_stale_) co_return co_await load_keys(call);
  co_return Done{};
}

Task<void> Authenticator::load_revocations(Call call) {
  auth::v1::ListRevocationsRequest request;
  const auto list = co_await auth_.list_revocations(call, std::move(request));
  if (!list) co_return pass(list);
  const auto now = clock_.wall();
  for (const auto& revocation : list->revocations())
    if (const auto session = SessionId::parse(revocation.session_id()))
      revocations_.add(*session, from_ms(revocation.until_ms()), now);
  has_revocations_ = true;
  co_return Done{};
}

Task<void> Authenticator::load_keys(Call call) {
  keys_are_stale_ = false;  // a change that is announced while we ask makes it true again
  keys_asked_at_ = clock_.steady();
  auth::v1::GetKeySetRequest request;
  const auto set = co_await auth_.get_key_set(call, std::move(request));
  if (!set) {
    log::failure("the signing keys could not be loaded", call, set.error());
    keys_are_stale_ = true;
    if (keys_.empty()) co_return pass(set);
    keys_retry_at_ = keys_asked_at_ + key_retry_after;
    co_return Done{};  // the keys we hold go on being good while nobody can tell us better
  }
  crypto::VerifyKeys keys;
  for (const auto& published : set->keys()) {
    auto key = crypto::VerifyKey::from_jwk(published.jwk());
    if (!key) {  // it costs the tokens it signed, and nobody else's
      log::failure("a published signing key cannot be read", call, key.error());
      continue;
    }
    keys.insert_or_assign(key->kid(), std::move(*key));
  }
  const bool is_same = generation_ == set->generation() && std::ranges::equal(keys_ | std::views::keys, keys | std::views::keys);
  if (!is_same) tokens_.clear();  // else whoever makes up a kid would have every token verified again
  keys_ = std::move(keys);
  generation_ = set->generation();
  if (keys_.empty()) {
    keys_are_stale_ = true;
    co_return fail(Code::unavailable, "keys_unusable", "The service cannot do this now.", "no published key can be read");
  }
  co_return Done{};
}

}  // namespace gatehouse::gateway
