// Refresh tokens as text: "ghr_" and base64url of session id (16 octets) ‖ secret (32) ‖ tag (16).
//
// The tag is a MAC over the first 48 octets under a key of our own: a token that we did not issue is refused before
// any storage is asked, and knowing a session id (its owner sees it, access tokens carry it) does not let anybody
// pose as a reused token and end the session. The database holds SHA-256 of the secret only, and each successor
// sealed under the token before it. Pure but for Random; one object per shard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/id.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/master_key.h"

namespace gatehouse::auth {

struct RefreshToken {
  SessionId session;
  SecretKey secret;
};

class RefreshTokens {
 public:
  RefreshTokens(const crypto::MasterKey& master_key, Random& random);

  [[nodiscard]] RefreshToken make(SessionId session) const;
  // The first token of a session opened under an idempotency key: the same for the same key, so that a retry gets it
  // again although nothing that could make it is stored.
  [[nodiscard]] RefreshToken make_first(SessionId session, std::string_view idempotency_key) const;
  // Nothing when the text is not one of our tokens.
  [[nodiscard]] std::optional<RefreshToken> parse(std::string_view text) const;
  [[nodiscard]] std::string text_of(const RefreshToken& token) const;

  // What a token is stored and compared as.
  [[nodiscard]] static Digest digest_of(const RefreshToken& token);
  [[nodiscard]] Bytes seal_successor(const RefreshToken& presented, const RefreshToken& successor) const;
  // DATA_LOSS sealed_box_broken when `sealed` was not made for the holder of `presented`.
  [[nodiscard]] static Result<RefreshToken> open_successor(const RefreshToken& presented, std::string_view sealed);

  // What an idempotency key is stored as.
  [[nodiscard]] Digest digest_of_key(std::string_view user_id, std::string_view idempotency_key) const;

 private:
  SecretKey tag_key_;
  SecretKey first_key_;
  SecretKey idempotency_key_;
  Random& random_;
};

}  // namespace gatehouse::auth
