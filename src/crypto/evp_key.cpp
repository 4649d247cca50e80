#include "crypto/evp_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/ensure.h"

namespace gatehouse::crypto {
namespace {

constexpr int kRsaBitsMade = 3072;  // 128-bit strength (NIST SP 800-57 part 1, table 2)
constexpr int kRsaBitsMin = 2048, kRsaBitsMax = 8192;
constexpr std::size_t kFieldBytes = 32;  // P-256 and Curve25519

struct Free {
  void operator()(BIGNUM* it) const { BN_free(it); }
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
  void operator()(OSSL_PARAM_BLD* it) const { OSSL_PARAM_BLD_free(it); }
  void operator()(OSSL_PARAM* it) const { OSSL_PARAM_free(it); }
  void operator()(PKCS8_PRIV_KEY_INFO* it) const { PKCS8_PRIV_KEY_INFO_free(it); }
};
using Number = std::unique_ptr<BIGNUM, Free>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free>;

KeyHandle owned(EVP_PKEY* key) { return key == nullptr ? KeyHandle() : KeyHandle(key, &EVP_PKEY_free); }

const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

// OpenSSL leaves its errors in a queue of the thread, where the next user of TLS would find ours.
template <class T>
T without_traces(T result) {
  ERR_clear_error();
  return result;
}

Number number_from(std::string_view big_endian) {
  return Number(BN_bin2bn(octets(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

bool is_of(Alg alg, const EVP_PKEY* key) {
  switch (alg) {
    case Alg::es256: {
      char curve[64] = {};
      std::size_t size = 0;
      return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, curve, sizeof curve, &size) == 1 &&
             std::string_view(curve, size) == "prime256v1";
    }
    case Alg::eddsa: return EVP_PKEY_is_a(key, "ED25519") == 1;
    case Alg::rs256: {
      const int bits = EVP_PKEY_get_bits(key);
      return EVP_PKEY_is_a(key, "RSA") == 1 && bits >= kRsaBitsMin && bits <= kRsaBitsMax;
    }
  }
  return false;
}

KeyHandle key_from_params(const char* type, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, Free> params(OSSL_PARAM_BLD_to_param(builder));
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1) return {};
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return {};
  auto key = owned(made);
  const Context check(EVP_PKEY_CTX_new_from_pkey(nullptr, made, nullptr));
  return EVP_PKEY_public_check(check.get()) == 1 ? key : KeyHandle();
}

KeyHandle ec_key_from(const PublicParts& parts) {
  if (parts.first.size() != kFieldBytes || parts.second.size() != kFieldBytes) return {};
  const auto point = '\x04' + parts.first + parts.second;
  const std::unique_ptr<OSSL_PARAM_BLD, Free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return key_from_params("EC", builder.get());
}

bool is_shortest(std::string_view big_endian) { return !big_endian.empty() && big_endian.front() != '\0'; }

KeyHandle rsa_key_from(const PublicParts& parts) {
  if (!is_shortest(parts.first) || !is_shortest(parts.second)) return {};
  if (parts.first.size() > kRsaBitsMax / 8 || parts.second.size() > 4) return {};
  const auto n = number_from(parts.first), e = number_from(parts.second);
  if (BN_num_bits(n.get()) < kRsaBitsMin || !BN_is_odd(n.get()) || !BN_is_odd(e.get())) return {};
  if (BN_num_bits(e.get()) < 17) return {};  // FIPS 186-5 §A.1.1: 2^16 < e
  const std::unique_ptr<OSSL_PARAM_BLD, Free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return key_from_params("RSA", builder.get());
}

KeyHandle ed_key_from(const PublicParts& parts) {
  if (parts.first.size() != kFieldBytes) return {};
  return owned(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, octets(parts.first), kFieldBytes));
}

Bytes number_of(const EVP_PKEY* key, const char* name, std::size_t padded_bytes = 0) {
  BIGNUM* got = nullptr;
  ensure(EVP_PKEY_get_bn_param(key, name, &got) == 1, "a key has no public numbers");
  const Number value(got);
  const auto size = padded_bytes > 0 ? padded_bytes : static_cast<std::size_t>(BN_num_bytes(got));
  Bytes out(size, '\0');
  ensure(BN_bn2binpad(got, reinterpret_cast<std::uint8_t*>(out.data()), static_cast<int>(size)) >= 0,
         "a key's numbers are too large");
  return out;
}

}  // namespace

KeyHandle make_key(Alg alg) {
  switch (alg) {
    case Alg::es256: return without_traces(owned(EVP_EC_gen("P-256")));
    case Alg::eddsa: return without_traces(owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
    case Alg::rs256: return without_traces(owned(EVP_RSA_gen(kRsaBitsMade)));
  }
  return {};
}

KeyHandle public_key_from(Alg alg, const PublicParts& parts) {
  switch (alg) {
    case Alg::es256: return without_traces(ec_key_from(parts));
    case Alg::eddsa: return without_traces(ed_key_from(parts));
    case Alg::rs256: return without_traces(rsa_key_from(parts));
  }
  return {};
}

PublicParts public_parts_of(Alg alg, const KeyHandle& key) {
  switch (alg) {
    case Alg::es256:
      return {number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, kFieldBytes),
              number_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, kFieldBytes)};
    case Alg::eddsa: {
      Bytes raw(kFieldBytes, '\0');
      std::size_t size = raw.size();
      const bool done = EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<std::uint8_t*>(raw.data()), &size) == 1;
      ensure(done && size == kFieldBytes, "an Ed25519 key has no public half");
      return {raw, {}};
    }
    case Alg::rs256: return {number_of(key.get(), OSSL_PKEY_PARAM_RSA_N), number_of(key.get(), OSSL_PKEY_PARAM_RSA_E)};
  }
  return {};
}

KeyHandle private_key_from_der(Alg alg, const SecretString& pkcs8) {
  const std::string_view der = pkcs8.reveal();
  const auto* at = octets(der);
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != octets(der) + der.size()) return without_traces(KeyHandle());
  auto key = without_traces(owned(EVP_PKCS82PKEY(info.get())));
  if (key == nullptr || !is_of(alg, key.get())) return without_traces(KeyHandle());
  const auto public_half = public_key_from(alg, public_parts_of(alg, key));
  constexpr std::string_view probe = "does this key fit its public half?";
  if (public_half == nullptr || !is_signature_of(alg, public_half, probe, sign_text(alg, key, probe))) return {};
  return key;
}

SecretString private_der_of(const KeyHandle& key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Free> info(EVP_PKEY2PKCS8(key.get()));
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  ensure(size > 0, "a private key has no PKCS#8 form");
  std::string der(static_cast<std::size_t>(size), '\0');
  auto* at = reinterpret_cast<std::uint8_t*>(der.data());
  ensure(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size, "a private key changed its size");
  return SecretString(std::move(der));
}

}  // namespace gatehouse::crypto
