// For tests and fuzzers only: tokens with any header and payload, signed as they stand by a real key.
#pragma once

#include <string>
#include <string_view>

#include "crypto/evp_key.h"
#include "crypto/jose.h"

namespace gatehouse::crypto {

inline std::string forged_token(const SigningKey& key, std::string_view header, std::string_view payload) {
  const auto handle = private_key_from_der(key.alg(), key.private_der().reveal());
  const auto text = to_base64url(header) + '.' + to_base64url(payload);
  return text + '.' + to_base64url(sign_text(key.alg(), handle, text));
}

inline VerifyKeys keys_of(const SigningKey& key) {
  return {{key.kid(), VerifyKey::from_jwk(key.public_jwk()).value()}};
}

}  // namespace gatehouse::crypto
