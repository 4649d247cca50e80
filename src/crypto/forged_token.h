// For tests and fuzzers only: tokens with any header and payload, signed as they stand by a real key.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "crypto/evp_key.h"
#include "crypto/jose.h"

namespace gatehouse::crypto {

inline std::string forged_token(const SigningKey& key, std::string_view header, std::string_view payload) {
  thread_local std::pair<std::string, KeyHandle> last;  // reading a key costs more than signing with it
  if (last.first != key.kid()) last = {key.kid(), private_key_from_der(key.alg(), key.private_der())};
  const auto text = to_base64url(header) + '.' + to_base64url(payload);
  return text + '.' + to_base64url(sign_text(key.alg(), last.second, text));
}

inline VerifyKeys keys_of(const SigningKey& key) {
  return {{key.kid(), VerifyKey::from_jwk(key.public_jwk()).value()}};
}

}  // namespace gatehouse::crypto
