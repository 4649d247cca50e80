#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/random.h"
#include "crypto/forged_token.h"
#include "crypto/jose.h"

namespace gatehouse::crypto {
namespace {

const SigningKey& signer() {
  static const auto key = SigningKey::generate(Alg::es256).value();
  return key;
}
const VerifyKeys& keys() {
  static const auto ours = keys_of(signer());
  return ours;
}

std::string header(std::string_view alg, std::string_view more = "") {
  return std::string(R"({"alg":)")
      .append(alg)
      .append(R"(,"kid":")")
      .append(signer().kid())
      .append("\"")
      .append(more)
      .append("}");
}

std::string reason_of(std::string_view token) {
  const auto jws = verify_jws(token, keys());
  if (jws) return "accepted";
  EXPECT_EQ(jws.error().code, Code::unauthenticated);
  EXPECT_EQ(ERR_peek_error(), 0UL) << "left in OpenSSL's queue";
  return jws.error().reason;
}

std::string reason_of_header(std::string_view text) { return reason_of(forged_token(signer(), text, "{}")); }

TEST(Jws, of_our_own_key_is_accepted) {
  EXPECT_EQ(reason_of_header(header(R"("ES256")")), "accepted");
  EXPECT_EQ(reason_of_header(header(R"("ES256")", R"(,"typ":"at+jwt")")), "accepted");
  EXPECT_EQ(reason_of(signer().sign("at+jwt", "")), "accepted");
}

TEST(Jws, S42_the_algorithm_is_the_key_s_and_never_the_token_s) {
  for (const auto* alg : {R"("none")",
                          R"("None")",
                          R"("nOnE")",
                          R"("NONE")",
                          R"("")",
                          "null",
                          "0",
                          "256",
                          "[]",
                          R"(["ES256"])",
                          R"({"a":"ES256"})",
                          "true",
                          R"("es256")",
                          R"("ES256 ")",
                          R"("ES256\u0000")",
                          R"("ES384")",
                          R"("ES256K")",
                          R"("RS256")",
                          R"("PS256")",
                          R"("EdDSA")"}) {
    EXPECT_EQ(reason_of_header(header(alg)), "token_malformed") << alg;
    const auto unsigned_text = to_base64url(header(alg)) + "." + to_base64url("{}") + ".";
    EXPECT_EQ(reason_of(unsigned_text), "token_malformed") << alg;
  }
  EXPECT_EQ(reason_of_header(R"({"kid":")" + signer().kid() + R"("})"), "token_malformed") << "no alg";
  EXPECT_EQ(reason_of_header(R"({"alg":"ES256"})"), "token_malformed") << "no kid";
  EXPECT_EQ(reason_of_header("{}"), "token_malformed");
}

TEST(Jws, S43_nothing_symmetric_is_verified_with_a_public_key_or_with_none) {
  const auto key = private_key_from_der(Alg::es256, signer().private_der());
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  const std::string spki(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  std::string base64(EVP_ENCODE_LENGTH(spki.size()), '\0');
  base64.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), as_bytes(spki).data(), size)));
  const auto pem =
      "-----BEGIN PUBLIC KEY-----\n" + base64.substr(0, 64) + "\n" + base64.substr(64) + "\n-----END PUBLIC KEY-----\n";
  const std::pair<const char*, const EVP_MD*> algs[] = {{"\"HS256\"", EVP_sha256()},
                                                        {"\"HS384\"", EVP_sha384()},
                                                        {"\"HS512\"", EVP_sha512()},
                                                        {"\"ES256\"", EVP_sha256()}};
  for (const auto& [alg, digest] : algs)
    for (const auto& secret : {pem, spki, signer().public_jwk(), signer().kid(), std::string(), std::string("\0", 1)}) {
      const auto text = to_base64url(header(alg)) + "." + to_base64url("{}");
      unsigned char mac[EVP_MAX_MD_SIZE];
      unsigned int length = 0;
      HMAC(digest, secret.data(), static_cast<int>(secret.size()), as_bytes(text).data(), text.size(), mac, &length);
      const auto token = text + "." + to_base64url(as_view({mac, length}));
      EXPECT_NE(reason_of(token), "accepted") << alg;
    }
}

TEST(Jws, S44_a_kid_is_looked_up_as_it_stands_or_refused) {
  const auto with_kid = [](std::string_view kid) {
    return reason_of_header(std::string(R"({"alg":"ES256","kid":)").append(kid).append("}"));
  };
  for (const auto* kid : {R"("../../../../dev/null")", R"("' OR 1=1--")", R"("http://attacker.example/key")",
                          R"("a\u0000b")", R"("")", "null", "1", "[]", R"("a b")", R"("\u0131")", R"("|/bin/sh")"})
    EXPECT_EQ(with_kid(kid), "token_malformed") << kid;
  EXPECT_EQ(with_kid('"' + std::string(65, 'a') + '"'), "token_malformed");
  EXPECT_EQ(with_kid('"' + std::string(6000, 'a') + '"'), "token_malformed");
  EXPECT_EQ(with_kid('"' + std::string(65'536, 'a') + '"'), "token_malformed");
  EXPECT_EQ(with_kid('"' + std::string(64, 'a') + '"'), "token_key_unknown");
  EXPECT_EQ(with_kid('"' + signer().kid().substr(0, 42) + '"'), "token_key_unknown");
  EXPECT_EQ(with_kid('"' + signer().kid() + "A\""), "token_key_unknown");
}

TEST(Jws, S45_keys_and_instructions_inside_the_token_are_refused) {
  const auto attacker = SigningKey::generate(Alg::es256).value();
  for (const auto& more :
       {std::string(R"(,"jku":"https://attacker.example/jwks")"), std::string(R"(,"x5u":"https://attacker.example/x")"),
        R"(,"jwk":)" + attacker.public_jwk(), std::string(R"(,"x5c":["MII"])"), std::string(R"(,"x5t":"AA")"),
        std::string(R"(,"crit":["x"],"x":1)"), std::string(R"(,"crit":["exp"])"), std::string(R"(,"crit":[])"),
        std::string(R"(,"zip":"DEF")"), std::string(R"(,"b64":false)"), std::string(R"(,"b64":true)"),
        std::string(R"(,"cty":"JWT")"), std::string(R"(,"enc":"A256GCM")"), std::string(R"(,"":"")"),
        std::string(R"(,"ALG":"ES256")")}) {
    EXPECT_EQ(reason_of_header(header(R"("ES256")", more)), "token_malformed") << more;
    EXPECT_NE(reason_of(forged_token(attacker, header(R"("ES256")", more), "{}")), "accepted") << more;
  }
  EXPECT_EQ(reason_of(forged_token(attacker, header(R"("ES256")"), "{}")), "token_signature_wrong");
}

TEST(Jws, S46_duplicate_header_members_are_refused) {
  const auto& kid = signer().kid();
  for (const auto& text :
       {R"({"alg":"none","alg":"ES256","kid":")" + kid + "\"}", R"({"alg":"ES256","alg":"none","kid":")" + kid + "\"}",
        R"({"alg":"ES256","kid":"x","kid":")" + kid + "\"}",
        R"({"alg":"ES256","\u0061lg":"ES256","kid":")" + kid + "\"}",
        R"({"alg":"ES256","kid":")" + kid + R"(","kid":")" + kid + "\"}"})
    EXPECT_EQ(reason_of_header(text), "token_malformed") << text;
}

TEST(Jws, S47_only_three_strict_base64url_segments_are_a_token) {
  const auto good = signer().sign("at+jwt", "{}");
  const auto first = good.find('.'), last = good.rfind('.');
  const auto head = good.substr(0, first), payload = good.substr(first + 1, last - first - 1),
             signature = good.substr(last + 1);
  for (const auto& bad : {std::string(),
                          std::string("."),
                          std::string(".."),
                          std::string("..."),
                          head,
                          head + "." + payload,
                          good + ".",
                          "." + good,
                          good + "." + signature,
                          head + ".." + signature,
                          "." + payload + "." + signature,
                          head + "." + payload + ".",
                          good + "=",
                          good + "==",
                          good + " ",
                          " " + good,
                          good + "\n",
                          good + "!!",
                          good + std::string(1, '\0'),
                          head + "=." + payload + "." + signature,
                          head + "." + payload + "=." + signature,
                          head + "." + payload + "\n." + signature,
                          head + " ." + payload + "." + signature,
                          head + "." + payload + "." + signature.substr(0, 85),
                          head + "." + payload + "." + signature + "A",
                          "Bearer " + good,
                          good + ", " + good,
                          std::string(10'000, '.'),
                          std::string(5000, '.')})
    EXPECT_NE(reason_of(bad), "accepted") << bad;
  EXPECT_EQ(reason_of(good), "accepted");
}

TEST(Jws, S47_unused_bits_and_the_other_alphabet_are_refused) {
  const auto good = signer().sign("at+jwt", "{}");
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=.";
  for (const char other : alphabet) {
    auto changed = good;
    if (other == changed.back()) continue;
    changed.back() = other;  // 64 octets are 86 characters: the last one has four unused bits
    EXPECT_NE(reason_of(changed), "accepted") << other;
  }
}

TEST(Jws, S51_size_is_checked_before_anything_is_decoded) {
  std::string nested = R"({"alg":"ES256","kid":")";
  nested.append(signer().kid()).append(R"(","x":)").append(100'000, '[').append(100'000, ']').append("}");
  const SystemClock clock;
  const auto started = clock.steady();
  EXPECT_EQ(reason_of(to_base64url(nested) + "." + to_base64url("{}") + "." + to_base64url(Bytes(64, 'x'))),
            "token_malformed");
  EXPECT_EQ(reason_of(std::string(65'536, 'a')), "token_malformed");
  EXPECT_EQ(reason_of(std::string(1 << 20, 'a')), "token_malformed");
  EXPECT_EQ(reason_of(std::string(10'000, '.')), "token_malformed");
  EXPECT_EQ(reason_of(signer().sign("at+jwt", std::string(65'536, ' '))), "token_malformed");
  EXPECT_LT(clock.steady() - started, Milliseconds(500));
  EXPECT_EQ(reason_of(signer().sign("at+jwt", std::string(5'800, ' '))), "accepted");
}

TEST(Jws, S51_nested_headers_within_the_size_are_refused) {
  const auto nested = R"({"alg":"ES256","kid":")" + signer().kid() + R"(","typ":)" + std::string(100, '[') +
                      std::string(100, ']') + "}";
  EXPECT_EQ(reason_of_header(nested), "token_malformed");
  EXPECT_EQ(reason_of_header(std::string(300, '{')), "token_malformed");
}

TEST(Jws, S52_ECDSA_signatures_have_exactly_64_octets_and_scalars_in_range) {
  const auto text = to_base64url(header(R"("ES256")")) + "." + to_base64url("{}");
  const auto good =
      from_base64url(std::string_view(forged_token(signer(), header(R"("ES256")"), "{}")).substr(text.size() + 1))
          .value();
  const auto with_signature = [&](const Bytes& signature) { return reason_of(text + "." + to_base64url(signature)); };
  ASSERT_EQ(with_signature(good), "accepted");
  const Bytes zero(32, '\0'), one = Bytes(31, '\0') + '\1', ones(32, '\xff');
  const auto order = Bytes(
      "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2"
      "\xfc\x63\x25\x51",
      32);
  const auto r = good.substr(0, 32), s = good.substr(32);
  for (const auto& bad : {zero + zero, zero + s, r + zero, one + one, order + s, r + order, order + order, ones + ones,
                          s + r, Bytes(64, '\0'), Bytes(64, '\x80'), r, good.substr(0, 63), good + '\0', '\0' + good,
                          good + good, r + '\0' + s, Bytes()})
    EXPECT_EQ(with_signature(bad), "token_signature_wrong") << to_hex(bad);
}

TEST(Jws, S52_ECDSA_signatures_in_DER_are_refused) {
  const auto text = to_base64url(header(R"("ES256")")) + "." + to_base64url("{}");
  const auto key = private_key_from_der(Alg::es256, signer().private_der());
  const auto raw = sign_text(Alg::es256, key, text);
  const auto der = Bytes("\x30\x44\x02\x20", 4) + raw.substr(0, 32) + Bytes("\x02\x20", 2) + raw.substr(32);
  EXPECT_EQ(reason_of(text + "." + to_base64url(der)), "token_signature_wrong");
}

TEST(Jws, S52_a_token_with_any_one_bit_changed_is_refused) {
  const auto good = signer().sign("at+jwt", R"({"sub":"a"})");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto changed = good;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_NE(reason_of(changed), "accepted") << bit;
  }
}

TEST(Jws, S52_Ed25519_and_RSA_signatures_have_their_one_form) {
  for (const auto alg : {Alg::eddsa, Alg::rs256}) {
    const auto key = SigningKey::generate(alg).value();
    const auto ours = keys_of(key);
    const auto token = key.sign("t", "p");
    const auto text = token.substr(0, token.rfind('.'));
    const auto good = from_base64url(token.substr(text.size() + 1)).value();
    const auto holds = [&](const Bytes& signature) {
      return verify_jws(text + "." + to_base64url(signature), ours).has_value();
    };
    EXPECT_TRUE(holds(good));
    for (const auto& bad : {good + '\0', '\0' + good, good.substr(1), good.substr(0, good.size() - 1), Bytes(),
                            Bytes(good.size(), '\0'), Bytes(good.size(), '\xff'), good + good})
      EXPECT_FALSE(holds(bad));
  }
}

TEST(Jws, S52_Ed25519_scalars_beyond_the_order_are_refused) {
  const auto key = SigningKey::generate(Alg::eddsa).value();
  const auto token = key.sign("t", "p");
  const auto text = token.substr(0, token.rfind('.'));
  auto signature = from_base64url(token.substr(text.size() + 1)).value();
  // s + L verifies where s is not checked to be below L (RFC 8032 §5.1.7).
  constexpr std::uint8_t order[] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                    0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<std::uint8_t>(signature[32 + i]) + order[i];
    signature[32 + i] = static_cast<char>(carry & 0xff);
    carry >>= 8;
  }
  EXPECT_EQ(verify_jws(text + "." + to_base64url(signature), keys_of(key)).error().reason, "token_signature_wrong");
}

TEST(Jws, is_refused_when_there_are_no_keys) {
  EXPECT_EQ(verify_jws(signer().sign("t", "p"), {}).error().reason, "token_key_unknown");
}

}  // namespace
}  // namespace gatehouse::crypto
