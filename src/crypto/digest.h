// SHA-256, HMAC-SHA-256 and HKDF-SHA-256 (RFC 5869) on OpenSSL's EVP, with the algorithms fetched once.
// Any thread: contexts are per thread.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace gatehouse::crypto {

[[nodiscard]] Digest sha256(std::string_view data);
[[nodiscard]] Digest hmac_sha256(const SecretKey& key, std::string_view data);
// `info` names the purpose: one key per purpose.
[[nodiscard]] SecretKey hkdf_sha256(std::string_view secret, std::string_view info);

}  // namespace gatehouse::crypto
