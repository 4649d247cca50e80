#include <gtest/gtest.h>
#include <openssl/err.h>

#include <thread>
#include <vector>

#include "base/random.h"
#include "crypto/evp_key.h"
#include "crypto/jose.h"
#include "json/reader.h"

namespace gatehouse::crypto {
namespace {

constexpr Alg kAlgs[] = {Alg::es256, Alg::eddsa, Alg::rs256};

// One key per algorithm for the whole binary: an RSA key takes a while to make.
const SigningKey& key_of(Alg alg) {
  static const SigningKey keys[] = {SigningKey::generate(Alg::es256).value(), SigningKey::generate(Alg::eddsa).value(),
                                    SigningKey::generate(Alg::rs256).value()};
  return keys[static_cast<std::size_t>(alg)];
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void expect_refused(std::string_view jwk) {
  const auto key = VerifyKey::from_jwk(jwk);
  ASSERT_FALSE(key) << jwk;
  EXPECT_EQ(key.error().code, Code::invalid_argument);
  EXPECT_EQ(key.error().reason, "jwk_malformed");
  EXPECT_EQ(ERR_peek_error(), 0UL) << "left in OpenSSL's queue by " << jwk;
}

TEST(Jwk, RFC_7638_thumbprint_of_its_example_is_the_kid) {
  const auto key = VerifyKey::from_jwk(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"})");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(key->alg(), Alg::rs256);
}

TEST(Jwk, RFC_8037_thumbprint_of_its_example_is_the_kid) {
  const auto key =
      VerifyKey::from_jwk(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Jwk, RFC_8037_example_signature_holds) {
  const auto key =
      VerifyKey::from_jwk(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  const auto signature =
      from_base64url("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  EXPECT_TRUE(key.value().verify("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", signature.value()));
}

TEST(Jwk, RFC_7515_example_A3_signature_holds) {
  const auto key = VerifyKey::from_jwk(
      R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  const auto signature =
      from_base64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  constexpr std::string_view text =
      "eyJhbGciOiJFUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_TRUE(key.value().verify(text, signature.value()));
  EXPECT_FALSE(key.value().verify(text.substr(1), signature.value()));
}

TEST(SigningKey, S56_shows_its_public_members_only_and_they_verify_what_it_signs) {
  for (const auto alg : kAlgs) {
    const auto& key = key_of(alg);
    const auto jwk = json::read_object(key.public_jwk());
    ASSERT_TRUE(jwk);
    for (const auto* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) EXPECT_FALSE(jwk->contains(member));
    const auto verifier = VerifyKey::from_jwk(key.public_jwk());
    ASSERT_TRUE(verifier) << key.public_jwk();
    EXPECT_EQ(verifier->kid(), key.kid());
    EXPECT_EQ(verifier->alg(), alg);
    EXPECT_EQ(key.kid().size(), 43U);
    const auto jws = verify_jws(key.sign("test", "payload"), {{key.kid(), *verifier}});
    ASSERT_TRUE(jws) << jws.error().detail;
    EXPECT_EQ(jws->payload, "payload");
    EXPECT_EQ(jws->typ, "test");
    EXPECT_EQ(jws->kid, key.kid());
  }
}

TEST(SigningKey, comes_back_from_its_private_form_as_the_same_key) {
  for (const auto alg : kAlgs) {
    const auto back = SigningKey::from_private_der(alg, key_of(alg).private_der());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->public_jwk(), key_of(alg).public_jwk());
    EXPECT_EQ(back->private_der().reveal(), key_of(alg).private_der().reveal());
    EXPECT_TRUE(
        verify_jws(back->sign("t", "p"), {{back->kid(), VerifyKey::from_jwk(key_of(alg).public_jwk()).value()}}));
  }
}

TEST(SigningKey, of_another_algorithm_or_of_damaged_octets_is_refused) {
  for (const auto alg : kAlgs) {
    const auto der = key_of(alg).private_der();
    const auto& octets = der.reveal();
    for (const auto other : kAlgs)
      if (other != alg) EXPECT_FALSE(SigningKey::from_private_der(other, der));
    EXPECT_FALSE(SigningKey::from_private_der(alg, SecretString(octets + '\0')));
    EXPECT_FALSE(SigningKey::from_private_der(alg, SecretString(octets.substr(0, octets.size() - 1))));
    EXPECT_FALSE(SigningKey::from_private_der(alg, SecretString()));
    EXPECT_EQ(ERR_peek_error(), 0UL);
  }
  auto damaged = key_of(Alg::es256).private_der().reveal();
  damaged[40] = static_cast<char>(damaged[40] ^ 1);  // within the private scalar: it no longer fits the point
  EXPECT_EQ(SigningKey::from_private_der(Alg::es256, SecretString(damaged)).error().reason, "private_key_malformed");
}

TEST(SigningKey, ES256_signatures_are_always_64_octets) {
  // One r or s in 256 is shorter than 32 octets, and one in two needs a zero in front in DER.
  const auto& key = key_of(Alg::es256);
  const VerifyKeys keys{{key.kid(), VerifyKey::from_jwk(key.public_jwk()).value()}};
  for (int i = 0; i < 1500; ++i) {
    const auto token = key.sign("t", std::to_string(i));
    const auto signature = from_base64url(std::string_view(token).substr(token.rfind('.') + 1));
    ASSERT_EQ(signature.value().size(), 64U);
    if (i % 10 == 0) ASSERT_TRUE(verify_jws(token, keys));
  }
}

TEST(SigningKey, keys_taken_in_turns_do_not_mix) {
  const auto other = SigningKey::generate(Alg::es256).value();
  const auto& key = key_of(Alg::es256);
  const auto ours = VerifyKey::from_jwk(key.public_jwk()).value(),
             theirs = VerifyKey::from_jwk(other.public_jwk()).value();
  for (int i = 0; i < 10; ++i) {
    const auto a = key.sign("t", "p"), b = other.sign("t", "p");
    EXPECT_TRUE(verify_jws(a, {{key.kid(), ours}}));
    EXPECT_TRUE(verify_jws(b, {{other.kid(), theirs}}));
    EXPECT_EQ(verify_jws(a, {{key.kid(), theirs}}).error().reason, "token_signature_wrong");
  }
}

TEST(SigningKey, serves_several_threads_at_once) {
  std::vector<std::thread> threads;
  for (const auto alg : kAlgs)
    for (int i = 0; i < 2; ++i)
      threads.emplace_back([&key = key_of(alg)] {
        const VerifyKeys keys{{key.kid(), VerifyKey::from_jwk(key.public_jwk()).value()}};
        for (int n = 0; n < 20; ++n) EXPECT_TRUE(verify_jws(key.sign("t", std::to_string(n)), keys));
      });
  for (auto& thread : threads) thread.join();
}

TEST(Jwk, S56_with_a_private_or_foreign_member_is_refused) {
  for (const auto alg : kAlgs)
    for (const auto* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "x5c", "x5u", "key_ops", "whatever", ""}) {
      const auto added = std::string("{\"") + member + "\":\"AQAB\",";
      expect_refused(with(key_of(alg).public_jwk(), "{", added));
    }
}

TEST(Jwk, for_another_use_algorithm_or_kid_is_refused) {
  for (const auto alg : kAlgs) {
    const auto good = key_of(alg).public_jwk();
    const auto name = std::string(name_of(alg));
    for (const auto& bad :
         {with(good, "\"use\":\"sig\"", "\"use\":\"enc\""), with(good, "\"sig\"", "1"), with(good, name, "HS256"),
          with(good, name, "none"), with(good, '"' + name + '"', "null"), with(good, "\"kid\":\"", "\"kid\":\"x"),
          with(good, "\"use\":\"sig\"", "\"use\":\"sig\",\"use\":\"sig\""), good + "x",
          with(good, "\"kty\":\"", "\"kty\":\"x")})
      expect_refused(bad);
  }
  for (const auto* text :
       {"", "{}", "[]", "null", R"({"kty":"oct","k":"AAAA"})", R"({"kty":"EC"})", R"({"kty":"RSA"})",
        R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
        R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"})
    expect_refused(text);
}

TEST(Jwk, S52_points_off_the_curve_and_coordinates_of_another_size_are_refused) {
  const auto parts = json::read_object(key_of(Alg::es256).public_jwk()).value();
  const auto x = from_base64url(parts.at("x").as_string()).value(),
             y = from_base64url(parts.at("y").as_string()).value();
  const auto jwk = [](const Bytes& with_x, const Bytes& with_y) {
    return R"({"kty":"EC","crv":"P-256","x":")" + to_base64url(with_x) + R"(","y":")" + to_base64url(with_y) + R"("})";
  };
  ASSERT_TRUE(VerifyKey::from_jwk(jwk(x, y)));
  auto off = y;
  off[31] = static_cast<char>(off[31] ^ 1);
  const Bytes zeros(32, '\0'), ones(32, '\xff');
  for (const auto& bad : {jwk(x, off), jwk(y, x), jwk(zeros, zeros), jwk(ones, ones), jwk(x.substr(1), y),
                          jwk('\0' + x, y), jwk(x, ""), jwk("", ""), jwk(x, y + '\0')})
    expect_refused(bad);
}

TEST(Jwk, S52_RSA_keys_below_2048_bits_or_with_odd_numbers_are_refused) {
  const auto jwk = [](const Bytes& n, const Bytes& e) {
    return R"({"kty":"RSA","n":")" + to_base64url(n) + R"(","e":")" + to_base64url(e) + R"("})";
  };
  const Bytes f4("\1\0\1", 3);
  const auto modulus = [](std::size_t size) { return '\xc5' + Bytes(size - 2, '\x3b') + '\x01'; };
  EXPECT_TRUE(VerifyKey::from_jwk(jwk(modulus(256), f4)));
  for (const auto& bad : {jwk(modulus(128), f4), jwk(modulus(255), f4), jwk('\x45' + modulus(255), f4),
                          jwk(modulus(1025), f4), jwk('\0' + modulus(256), f4), jwk(modulus(256), '\0' + f4),
                          jwk(modulus(256), "\3"), jwk(modulus(256), ""), jwk(modulus(256), Bytes("\1\0\0", 3)),
                          jwk(modulus(256), Bytes("\1\0\0\0\1", 5)), jwk("", f4), jwk(modulus(255) + '\x02', f4)})
    expect_refused(bad);
}

TEST(Alg, names_are_exact) {
  for (const auto alg : kAlgs) EXPECT_EQ(alg_named(name_of(alg)).value(), alg);
  for (const auto* name : {"", "none", "HS256", "es256", "ES384", "PS256", "ES256 ", "Ed25519"})
    EXPECT_EQ(alg_named(name).error().reason, "alg_unsupported") << name;
}

}  // namespace
}  // namespace gatehouse::crypto
