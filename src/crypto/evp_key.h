// Asymmetric keys on OpenSSL's EVP: the arithmetic under jose.h, which alone uses it. Any thread: each keeps a
// prepared context for the key it used last, which saves OpenSSL's look-ups (several µs a signature).
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "crypto/jose.h"

namespace gatehouse::crypto {

using KeyHandle = std::shared_ptr<EVP_PKEY>;  // null: no such key

// The public numbers in big-endian octets: ES256 x and y of 32 each; EdDSA x of 32; RS256 n and e, shortest form.
struct PublicParts {
  Bytes first, second;  // x, y | x, – | n, e
};

[[nodiscard]] KeyHandle make_key(Alg alg);
// Null when it is not one whole PKCS#8 key of this algorithm, is too weak, or does not fit its own public half.
[[nodiscard]] KeyHandle private_key_from_der(Alg alg, const SecretString& pkcs8);
// Null when the point is not on the curve, the modulus is not 2048 to 8192 bits, or a number is not in its one form.
[[nodiscard]] KeyHandle public_key_from(Alg alg, const PublicParts& parts);
[[nodiscard]] PublicParts public_parts_of(Alg alg, const KeyHandle& key);
[[nodiscard]] SecretString private_der_of(const KeyHandle& key);

// Signatures in JOSE's form (RFC 7518 §3.4: r ‖ s for ES256).
[[nodiscard]] Bytes sign_text(Alg alg, const KeyHandle& key, std::string_view text);
[[nodiscard]] bool is_signature_of(Alg alg, const KeyHandle& key, std::string_view text, std::string_view signature);

}  // namespace gatehouse::crypto
