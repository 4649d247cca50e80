#include <gtest/gtest.h>

#include "base/limits.h"
#include "crypto/forged_token.h"
#include "crypto/jose.h"

namespace gatehouse::crypto {
namespace {

constexpr std::int64_t kIssued = 1'700'000'000, kExpires = kIssued + 300;

const SigningKey& signer() {
  static const auto key = SigningKey::generate(Alg::es256).value();
  return key;
}
const VerifyKeys& keys() {
  static const auto ours = keys_of(signer());
  return ours;
}
WallTime at(std::int64_t seconds, std::int64_t ms = 0) { return from_ms(seconds * 1000 + ms); }

AccessClaims claims() {
  return {.issuer = "https://id.example",
          .audience = "gatehouse",
          .subject = "018bcfe5-687b-7000-8000-000000000001",
          .session_id = "018bcfe5-687b-7000-8000-000000000002",
          .token_id = "018bcfe5-687b-7000-8000-000000000003",
          .scope = "read \"write\"",
          .issued_at_s = kIssued,
          .expires_at_s = kExpires};
}
const AccessExpectations kExpected{.issuer = "https://id.example", .audience = "gatehouse"};

std::string reason_of(std::string_view token, WallTime now = at(kIssued + 1),
                      const AccessExpectations& expected = kExpected) {
  const auto verified = verify_access_token(token, keys(), expected, now);
  if (verified) return "accepted";
  EXPECT_EQ(verified.error().code, Code::unauthenticated);
  EXPECT_FALSE(verified.error().message.empty());
  return verified.error().reason;
}

// A payload that is right in everything but what `change` replaces: each member is on a line of its own.
std::string payload_with(std::string_view member, std::string_view replacement) {
  std::string payload = "{";
  const std::pair<std::string_view, std::string_view> members[] = {{"iss", R"("iss":"https://id.example")"},
                                                                   {"aud", R"("aud":"gatehouse")"},
                                                                   {"sub", R"("sub":"u")"},
                                                                   {"sid", R"("sid":"s")"},
                                                                   {"iat", R"("iat":1700000000)"},
                                                                   {"exp", R"("exp":1700000300)"},
                                                                   {"jti", R"("jti":"t")"},
                                                                   {"scope", R"("scope":"")"},
                                                                   {"more", ""}};
  for (const auto& [name, text] : members) {
    const auto part = name == member ? replacement : text;
    if (part.empty()) continue;
    if (payload.size() > 1) payload += ',';
    payload += part;
  }
  return payload + "}";
}

std::string reason_with(std::string_view member, std::string_view replacement) {
  return reason_of(signer().sign("at+jwt", payload_with(member, replacement)));
}

TEST(AccessToken, says_what_was_signed) {
  const auto verified = verify_access_token(sign_access_token(signer(), claims()), keys(), kExpected, at(kIssued + 1));
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->issuer, claims().issuer);
  EXPECT_EQ(verified->audience, claims().audience);
  EXPECT_EQ(verified->subject, claims().subject);
  EXPECT_EQ(verified->session_id, claims().session_id);
  EXPECT_EQ(verified->token_id, claims().token_id);
  EXPECT_EQ(verified->scope, claims().scope);
  EXPECT_EQ(verified->issued_at_s, kIssued);
  EXPECT_EQ(verified->expires_at_s, kExpires);
}

TEST(AccessToken, S50_expires_at_its_second_and_the_skew_and_no_later) {
  const auto token = sign_access_token(signer(), claims());
  EXPECT_EQ(reason_of(token, at(kExpires + 59)), "accepted");
  EXPECT_EQ(reason_of(token, at(kExpires + 59, 999)), "accepted");
  EXPECT_EQ(reason_of(token, at(kExpires + 60)), "token_expired");
  EXPECT_EQ(reason_of(token, at(kExpires + 61)), "token_expired");
  EXPECT_EQ(reason_of(token, at(kExpires + 3600)), "token_expired");
}

TEST(AccessToken, S50_from_the_future_is_accepted_within_the_skew_and_no_earlier) {
  const auto token = sign_access_token(signer(), claims());
  EXPECT_EQ(reason_of(token, at(kIssued - 60)), "accepted");
  EXPECT_EQ(reason_of(token, at(kIssued - 60, -1)), "token_not_yet_valid");
  EXPECT_EQ(reason_of(token, at(kIssued - 3600)), "token_not_yet_valid");
}

TEST(AccessToken, S50_the_skew_can_be_made_smaller_but_not_larger) {
  const auto token = sign_access_token(signer(), claims());
  const AccessExpectations none{.issuer = kExpected.issuer, .audience = kExpected.audience, .skew_s = 0};
  EXPECT_EQ(reason_of(token, at(kExpires, -1), none), "accepted");
  EXPECT_EQ(reason_of(token, at(kExpires), none), "token_expired");
  EXPECT_EQ(reason_of(token, at(kIssued), none), "accepted");
  EXPECT_EQ(reason_of(token, at(kIssued, -1), none), "token_not_yet_valid");
  const AccessExpectations hour{.issuer = kExpected.issuer, .audience = kExpected.audience, .skew_s = 3600};
  EXPECT_EQ(reason_of(token, at(kExpires + 61), hour), "token_expired");
}

TEST(AccessToken, S48_nbf_is_honoured_where_it_is_present) {
  EXPECT_EQ(reason_with("more", R"("nbf":1700000000)"), "accepted");
  EXPECT_EQ(reason_with("more", R"("nbf":1700000061)"), "accepted");
  EXPECT_EQ(reason_with("more", R"("nbf":1700000062)"), "token_not_yet_valid");
  EXPECT_EQ(reason_with("more", R"("nbf":"1700000000")"), "token_claims_invalid");
}

TEST(AccessToken, S48_every_claim_is_required) {
  for (const auto* claim : {"iss", "aud", "sub", "sid", "iat", "exp", "jti", "scope"})
    EXPECT_EQ(reason_with(claim, ""), "token_claims_invalid") << claim;
  EXPECT_EQ(reason_with("", ""), "accepted");
}

TEST(AccessToken, S48_times_are_integers_in_a_sane_range) {
  for (const auto* claim : {"iat", "exp", "nbf"})
    for (const auto* value :
         {R"("1700000300")", "1700000300.0", "1.7e9", "1e400", "-1", "9223372036854775808", "9223372036854775807",
          "253402300800", "null", "true", "[]", "{}", R"("")", "-0.0", "1e999"}) {
      const auto member = std::string("\"") + claim + "\":" + value;
      EXPECT_EQ(reason_with(std::string_view(claim) == "nbf" ? "more" : claim, member), "token_claims_invalid")
          << member;
    }
  EXPECT_EQ(reason_with("exp", R"("exp":1700000000)"), "token_claims_invalid") << "expires as it is issued";
  EXPECT_EQ(reason_with("exp", R"("exp":253402300799)"), "accepted");
}

TEST(AccessToken, S48_texts_are_texts) {
  for (const auto* claim : {"iss", "aud", "sub", "sid", "jti", "scope"})
    for (const auto* value : {"null", "1", "true", "[]", "{}", R"(["gatehouse"])", R"({"a":"b"})"})
      EXPECT_EQ(reason_with(claim, std::string("\"") + claim + "\":" + value), "token_claims_invalid")
          << claim << value;
  for (const auto* claim : {"sub", "sid", "jti"})
    EXPECT_EQ(reason_with(claim, std::string("\"") + claim + "\":\"\""), "token_claims_invalid") << claim;
}

TEST(AccessToken, S48_issuer_and_audience_are_compared_as_they_stand) {
  for (const auto* issuer : {"https://id.example/", "https://ID.example", "https://id.exampl", "", "http://id.example",
                             "https://id.example\\u0000", "https://id.example.attacker.example"})
    EXPECT_EQ(reason_with("iss", std::string(R"("iss":")") + issuer + "\""), "token_wrong_issuer") << issuer;
  for (const auto* audience : {"gate", "gatehouse2", "Gatehouse", "", "gatehouse ", "gatehouse,other"})
    EXPECT_EQ(reason_with("aud", std::string(R"("aud":")") + audience + "\""), "token_wrong_audience") << audience;
  EXPECT_EQ(reason_with("aud", R"("aud":["gatehouse"])"), "token_claims_invalid") << "a list is not our form";
}

TEST(AccessToken, S46_duplicate_claims_are_refused_at_any_level) {
  for (const auto* more : {R"("sub":"other")", R"("su\u0062":"other")", R"("exp":1700000300)", R"("x":{"a":1,"a":1})",
                           R"("x":[{"a":1,"\u0061":1}])", R"("\u0069ss":"https://id.example")"})
    EXPECT_EQ(reason_with("more", more), "token_claims_invalid") << more;
  EXPECT_EQ(reason_with("more", R"("client_id":"a")"), "accepted")
      << "a claim that we do not know is not ours to judge";
}

TEST(AccessToken, S49_of_another_kind_is_refused) {
  const auto payload = payload_with("", "");
  for (const auto* typ : {"JWT", "", "AT+JWT", "at+jwt ", "application/at+jwt", "rt+jwt", "challenge+jwt", "svc+jwt"})
    EXPECT_EQ(reason_of(signer().sign(typ, payload)), "token_claims_invalid") << typ;
  const auto without = R"({"alg":"ES256","kid":")" + signer().kid() + "\"}";
  EXPECT_EQ(reason_of(forged_token(signer(), without, payload)), "token_claims_invalid");
}

TEST(AccessToken, S51_payloads_too_deep_or_with_too_many_members_are_refused) {
  EXPECT_EQ(reason_with("more", R"("x":)" + std::string(15, '[') + std::string(15, ']')), "accepted");
  EXPECT_EQ(reason_with("more", R"("x":)" + std::string(16, '[') + std::string(16, ']')), "token_claims_invalid");
  EXPECT_EQ(reason_with("more", R"("x":)" + std::string(2900, '[') + std::string(2900, ']')), "token_claims_invalid");
  std::string many = R"("x":[0)";
  for (int i = 0; i < 64; ++i) many += ",0";
  EXPECT_EQ(reason_with("more", many + "]"), "token_claims_invalid");
}

TEST(AccessToken, of_a_payload_that_is_no_object_is_refused) {
  for (const auto* payload : {"", "null", "[]", "\"a\"", "1", "{", "{}{}", "{} x", "\xff", "\xef\xbb\xbf{}"})
    EXPECT_EQ(reason_of(signer().sign("at+jwt", payload)), "token_claims_invalid") << payload;
}

TEST(AccessToken, claims_changed_after_signing_are_refused) {
  const auto token = sign_access_token(signer(), claims());
  const auto first = token.find('.'), last = token.rfind('.');
  const auto altered =
      token.substr(0, first + 1) + to_base64url(payload_with("sub", R"("sub":"admin")")) + token.substr(last);
  EXPECT_EQ(reason_of(altered), "token_signature_wrong");
}

TEST(AccessToken, stays_within_the_size_that_is_accepted) {
  EXPECT_LT(sign_access_token(signer(), claims()).size(), 700U);
}

}  // namespace
}  // namespace gatehouse::crypto
