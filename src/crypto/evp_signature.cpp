// Signing and verifying of evp_key.h.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/ensure.h"
#include "crypto/digest.h"
#include "crypto/evp_key.h"

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kScalarBytes = 32;  // r and s of P-256
constexpr std::size_t kEd25519Bytes = 64;
constexpr std::size_t kRsaBytesMax = 1024;

struct Free {
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
  void operator()(EVP_MD_CTX* it) const { EVP_MD_CTX_free(it); }
};

// A context for signing or verifying digests, kept for the key that this thread used last. The key lives as long.
struct Prepared {
  KeyHandle key;
  std::unique_ptr<EVP_PKEY_CTX, Free> context;
};

EVP_PKEY_CTX* prepared(Prepared& slot, Alg alg, const KeyHandle& key, int (*start)(EVP_PKEY_CTX*)) {
  if (slot.key == key) return slot.context.get();
  slot.key.reset();
  slot.context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  bool ready = slot.context != nullptr && start(slot.context.get()) == 1;
  if (alg == Alg::rs256)
    ready = ready && EVP_PKEY_CTX_set_rsa_padding(slot.context.get(), RSA_PKCS1_PADDING) == 1 &&
            EVP_PKEY_CTX_set_signature_md(slot.context.get(), EVP_sha256()) == 1;
  ensure(ready, "OpenSSL cannot use a key that it made");
  slot.key = key;
  return slot.context.get();
}

// One INTEGER of at most 33 octets: the sign needs a zero in front of a set top bit, and no other zero may stand there.
void append_integer(Bytes& der, std::string_view scalar) {
  while (scalar.size() > 1 && scalar.front() == '\0') scalar.remove_prefix(1);
  const bool needs_zero = (static_cast<std::uint8_t>(scalar.front()) & 0x80) != 0;
  der.push_back('\x02');
  der.push_back(static_cast<char>(scalar.size() + (needs_zero ? 1 : 0)));
  if (needs_zero) der.push_back('\0');
  der.append(scalar);
}

// r ‖ s → SEQUENCE { r INTEGER, s INTEGER } (RFC 3279 §2.2.3). Both are short enough for one-octet lengths.
Bytes to_der(std::string_view scalars) {
  Bytes der("\x30\0", 2);
  der.reserve(2 + 2 * (2 + 1 + kScalarBytes));
  append_integer(der, scalars.substr(0, kScalarBytes));
  append_integer(der, scalars.substr(kScalarBytes));
  der[1] = static_cast<char>(der.size() - 2);
  return der;
}

// The reverse, of DER that OpenSSL has just made.
Bytes from_der(std::string_view der) {
  Bytes scalars;
  scalars.reserve(2 * kScalarBytes);
  der.remove_prefix(2);
  for (int i = 0; i < 2; ++i) {
    auto scalar = der.substr(2, static_cast<std::uint8_t>(der.at(1)));
    der.remove_prefix(2 + scalar.size());
    if (scalar.size() > kScalarBytes) scalar.remove_prefix(1);
    scalars.append(kScalarBytes - scalar.size(), '\0').append(scalar);
  }
  return scalars;
}

Bytes sign_digest(Alg alg, const KeyHandle& key, const Digest& digest) {
  thread_local Prepared slot;
  auto* const context = prepared(slot, alg, key, &EVP_PKEY_sign_init);
  std::uint8_t signature[kRsaBytesMax];
  std::size_t size = sizeof signature;
  ensure(EVP_PKEY_sign(context, signature, &size, digest.data(), digest.size()) == 1, "a key cannot sign");
  const auto made = as_view({signature, size});
  return alg == Alg::es256 ? from_der(made) : Bytes(made);
}

bool is_signature_of_digest(Alg alg, const KeyHandle& key, const Digest& digest, std::string_view signature) {
  thread_local Prepared slot;
  auto* const context = prepared(slot, alg, key, &EVP_PKEY_verify_init);
  return EVP_PKEY_verify(context, as_bytes(signature).data(), signature.size(), digest.data(), digest.size()) == 1;
}

// Ed25519 hashes the whole text itself, and its contexts serve once.
Bytes sign_ed25519(const KeyHandle& key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  Bytes signature(kEd25519Bytes, '\0');
  std::size_t size = signature.size();
  const bool done = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<std::uint8_t*>(signature.data()), &size,
                                   as_bytes(text).data(), text.size()) == 1;
  ensure(done && size == kEd25519Bytes, "a key cannot sign");
  return signature;
}

bool is_ed25519_signature(const KeyHandle& key, std::string_view text, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), as_bytes(signature).data(), signature.size(), as_bytes(text).data(),
                          text.size()) == 1;
}

}  // namespace

Bytes sign_text(Alg alg, const KeyHandle& key, std::string_view text) {
  return alg == Alg::eddsa ? sign_ed25519(key, text) : sign_digest(alg, key, sha256(text));
}

bool is_signature_of(Alg alg, const KeyHandle& key, std::string_view text, std::string_view signature) {
  bool holds = false;
  switch (alg) {
    case Alg::es256:
      holds = signature.size() == 2 * kScalarBytes && is_signature_of_digest(alg, key, sha256(text), to_der(signature));
      break;
    case Alg::eddsa: holds = signature.size() == kEd25519Bytes && is_ed25519_signature(key, text, signature); break;
    case Alg::rs256:
      holds = signature.size() == static_cast<std::size_t>(EVP_PKEY_get_size(key.get())) &&
              is_signature_of_digest(alg, key, sha256(text), signature);
      break;
  }
  if (!holds) ERR_clear_error();  // or the next user of TLS on this thread would find our errors
  return holds;
}

}  // namespace gatehouse::crypto
