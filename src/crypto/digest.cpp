#include "crypto/digest.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <memory>

#include "base/ensure.h"

namespace gatehouse::crypto {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetched once: a fetch costs more than the hash of a token. Never freed: threads may still hash while the process
// ends.
const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  ensure(method != nullptr, "OpenSSL has no SHA-256");
  return method;
}

}  // namespace

Digest sha256(std::string_view data) {
  thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  Digest out;
  const bool done = EVP_DigestInit_ex2(context.get(), sha256_method(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1;
  ensure(done, "SHA-256 failed");
  return out;
}

// libsodium's, for OpenSSL looks the digest up by its name in every HMAC, which costs more than the hash of a short text.
Digest hmac_sha256(const SecretKey& key, std::string_view data) {
  const auto& secret = key.reveal();
  crypto_auth_hmacsha256_state state;
  Digest out;
  crypto_auth_hmacsha256_init(&state, secret.data(), secret.size());
  crypto_auth_hmacsha256_update(&state, as_bytes(data).data(), data.size());
  crypto_auth_hmacsha256_final(&state, out.data());
  sodium_memzero(&state, sizeof state);
  return out;
}

// RFC 5869 with no salt and 32 octets out, which is one block of each step.
SecretKey hkdf_sha256(std::string_view secret, std::string_view info) {
  const SecretKey extracted(hmac_sha256(SecretKey{}, secret));
  return SecretKey(hmac_sha256(extracted, std::string(info) + '\x01'));
}

}  // namespace gatehouse::crypto
