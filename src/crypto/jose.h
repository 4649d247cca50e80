// JOSE, the small part we use and all of it strict: JWS compact serialisation (RFC 7515), JWK (RFC 7517),
// ES256, EdDSA (Ed25519) and RS256 (RFC 7518, 8037). The algorithm belongs to the key, never to the token.
//
// Refused: any header member but alg, kid, typ; duplicates; `none`; padded or non-canonical base64url; other
// than three segments; ECDSA signatures not exactly 64 octets. Pure but for OpenSSL; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"

typedef struct evp_pkey_st EVP_PKEY;

namespace gatehouse::crypto {

enum class Alg : std::uint8_t { es256, eddsa, rs256 };
[[nodiscard]] std::string_view name_of(Alg alg);
[[nodiscard]] Result<Alg> alg_named(std::string_view name);  // INVALID_ARGUMENT alg_unsupported

// A public key with its id. The kid is the RFC 7638 thumbprint.
class VerifyKey {
 public:
  [[nodiscard]] static Result<VerifyKey> from_jwk(std::string_view jwk);
  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] Alg alg() const { return alg_; }
  [[nodiscard]] bool verify(std::string_view signed_text, std::string_view signature) const;

 private:
  friend class SigningKey;
  std::string kid_;
  Alg alg_ = Alg::es256;
  std::shared_ptr<EVP_PKEY> key_;
};

class SigningKey {
 public:
  [[nodiscard]] static Result<SigningKey> generate(Alg alg);
  [[nodiscard]] static Result<SigningKey> from_private_der(Alg alg, const SecretString& pkcs8);
  [[nodiscard]] SecretString private_der() const;  // PKCS#8; seal it before it touches a disk
  [[nodiscard]] std::string public_jwk() const;    // {"kty":…,"kid":…,"alg":…,"use":"sig",…}
  [[nodiscard]] const std::string& kid() const { return kid_; }
  [[nodiscard]] Alg alg() const { return alg_; }
  // A compact JWS over `payload` with header {alg, kid, typ}.
  [[nodiscard]] std::string sign(std::string_view typ, std::string_view payload) const;

 private:
  std::string kid_;
  Alg alg_ = Alg::es256;
  std::shared_ptr<EVP_PKEY> key_;
};

using VerifyKeys = std::map<std::string, VerifyKey, std::less<>>;  // by kid

// Claims of an access token (RFC 9068 profile, `typ` at+jwt).
struct AccessClaims {
  std::string issuer, audience, subject, session_id, token_id, scope;
  std::int64_t issued_at_s = 0, expires_at_s = 0;
};

[[nodiscard]] std::string sign_access_token(const SigningKey& key, const AccessClaims& claims);

struct AccessExpectations {
  std::string issuer, audience;
  std::int64_t skew_s = 60;
};

// The one way in. UNAUTHENTICATED with the reason token_malformed | token_key_unknown | token_signature_wrong |
// token_expired | token_not_yet_valid | token_wrong_issuer | token_wrong_audience | token_claims_invalid.
[[nodiscard]] Result<AccessClaims> verify_access_token(std::string_view token, const VerifyKeys& keys,
                                                       const AccessExpectations& expected, WallTime now);

// The JWS layer alone: payload octets of a token whose signature holds. For vectors and other token kinds.
struct Jws {
  std::string kid, typ;
  Bytes payload;
};
[[nodiscard]] Result<Jws> verify_jws(std::string_view token, const VerifyKeys& keys);

}  // namespace gatehouse::crypto
