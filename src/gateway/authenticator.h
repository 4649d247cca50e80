// Authenticator: who is calling, by access token. One per shard, on its thread.
//
// Verifying is pure and local: keys and revocations are in memory, pushed by the auth role over the buses before a
// change of theirs returns. What it cannot know from memory it loads once for all who wait: everything at the
// first request, the keys when they have changed, and, at most every few seconds, when a token names an unknown key.
// As long as the revocations have not been heard, nobody is let in.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "auth/api.h"
#include "auth/events.h"
#include "crypto/jose.h"
#include "gateway/exchange.h"
#include "gateway/revocations.h"
#include "gateway/token_cache.h"
#include "http/message.h"
#include "runtime/bus.h"
#include "runtime/shard.h"

namespace gatehouse::gateway {

// The one bearer token of a request (RFC 6750 §2.1). UNAUTHENTICATED token_missing | token_malformed;
// INVALID_ARGUMENT malformed_header when there is more than one credential. A token in the query is none.
[[nodiscard]] Result<std::string_view> bearer_token(const http::Request& request);

class Authenticator {
 public:
  Authenticator(Shard& shard, auth::Api& auth, crypto::AccessExpectations expected, const Clock& clock);
  // Hears what the auth role says. Call while wiring; the buses must not speak after this is gone.
  void subscribe(Shard& shard, Bus<auth::SessionsRevoked>& revocations, Bus<auth::KeysChanged>& key_changes);

  // Caller with ids set, source empty. UNAUTHENTICATED with a token's reason or session_revoked; what load() fails with.
  Task<Caller> authenticate(Call call, std::string_view token);
  // The caller of a token that was let in before and still is; nothing when authenticate() has to look.
  [[nodiscard]] std::optional<Caller> remembered(std::string_view token, Instant now);


  [[nodiscard]] std::size_t cached_tokens() const { return tokens_.size(); }
  [[nodiscard]] std::uint64_t loads() const { return loads_; }

 private:
  [[nodiscard]] bool needs_loading() const {
    return !has_revocations_ || keys_.empty() || (keys_are_stale_ && clock_.steady() >= keys_retry_at_);
  }
  [[nodiscard]] Result<Caller> verify(std::string_view token);
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                           Executor>;
  Task<void> load(Call call);
  Task<void> load_revocations(Call call);
  Task<void> load_keys(Call call);
  [[nodiscard]] Result<VerifiedToken> verify_afresh(std::string_view token, Instant now) const;
  [[nodiscard]] bool may_ask_for_keys() const;

  auth::Api& auth_;
  const crypto::AccessExpectations expected_;
  const Clock& clock_;
  TokenCache tokens_;
  Revocations revocations_;
  crypto::VerifyKeys keys_;
  std::int64_t generation_ = 0;     // of the keys held
  SteadyTime keys_asked_at_{};      // when the keys were last asked for
  SteadyTime keys_retry_at_{};      // after a failed load, not before this
  bool has_revocations_ = false;
  bool keys_are_stale_ = true;
  bool is_loading_ = false;
  Timer loaded_;                    // cancelled when a load has ended
  std::uint64_t loads_ = 0;
};

}  // namespace gatehouse::gateway
