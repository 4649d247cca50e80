#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

#include "base/ensure.h"

namespace gatehouse::crypto {
namespace {

struct Free {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

// Fetched once: a fetch costs more than the hash of a token. Never freed: threads may still hash while the process
// ends.
const EVP_MD* sha256_method() {
  static const EVP_MD* method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  ensure(method != nullptr, "OpenSSL has no SHA-256");
  return method;
}

EVP_MAC* hmac_method() {
  static EVP_MAC* method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  ensure(method != nullptr, "OpenSSL has no HMAC");
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

Digest hmac_sha256(const SecretKey& key, std::string_view data) {
  // A context of its own for each call: freeing it wipes the key's schedule.
  const std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(hmac_method()));
  char digest_name[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                               OSSL_PARAM_construct_end()};
  Digest out;
  std::size_t size = 0;
  const auto& secret = key.reveal();
  const bool done = context != nullptr && EVP_MAC_init(context.get(), secret.data(), secret.size(), params) == 1 &&
                    EVP_MAC_update(context.get(), as_bytes(data).data(), data.size()) == 1 &&
                    EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == out.size();
  ensure(done, "HMAC-SHA-256 failed");
  return out;
}

// RFC 5869 with no salt and 32 octets out, which is one block of each step.
SecretKey hkdf_sha256(std::string_view secret, std::string_view info) {
  const SecretKey extracted(hmac_sha256(SecretKey{}, secret));
  return SecretKey(hmac_sha256(extracted, std::string(info) + '\x01'));
}

}  // namespace gatehouse::crypto
