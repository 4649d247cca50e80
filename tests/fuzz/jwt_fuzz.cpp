// Access tokens. The first octet chooses what the rest is:
//   E  edits of a valid token, each three octets (kind, place, value): accepted only when nothing has changed
//   S  header and payload, a line each, signed by the true key (KID stands for its id): accepted only when they say
//      exactly what an independent reader finds in them
//   K  a JWK: accepted only when it is public and keeps its id
//   any other: a token as it stands, which nobody has signed: never accepted
#include <boost/json/parse.hpp>

#include "base/ensure.h"
#include "crypto/forged_token.h"
#include "json/reader.h"

namespace {

using namespace gatehouse;

struct Fixture {
  crypto::SigningKey key = crypto::SigningKey::generate(crypto::Alg::es256).value();
  crypto::VerifyKeys keys = crypto::keys_of(key);
  crypto::AccessExpectations expected{.issuer = "https://id.example", .audience = "gatehouse"};
  std::int64_t now_s = 1'700'000'001;
  std::string token = crypto::sign_access_token(key, {.issuer = expected.issuer,
                                                      .audience = expected.audience,
                                                      .subject = "user",
                                                      .session_id = "session",
                                                      .token_id = "token",
                                                      .scope = "",
                                                      .issued_at_s = now_s - 1,
                                                      .expires_at_s = now_s + 299});
  [[nodiscard]] Result<crypto::AccessClaims> verify(std::string_view text) const {
    return crypto::verify_access_token(text, keys, expected, from_ms(now_s * 1000));
  }
};

const Fixture& fixture() {
  static const Fixture made;
  return made;
}

std::string_view text_of(const boost::json::object& object, std::string_view name) {
  return object.at(name).as_string();
}

void edited_token(std::string_view edits) {
  auto token = fixture().token;
  for (; edits.size() >= 3; edits.remove_prefix(3)) {
    const auto place = static_cast<std::uint8_t>(edits[1]) * 3U % (token.size() + 1);
    switch (edits[0] % 4) {
      case 0: token.insert(place, 1, edits[2]); break;
      case 1: token.erase(place, 1); break;
      case 2:
        if (place < token.size()) token[place] = edits[2];
        break;
      default:
        token.insert(place, token.substr(token.size() -
                                         std::min<std::size_t>(token.size(), static_cast<std::uint8_t>(edits[2]))));
    }
  }
  ensure(fixture().verify(token).has_value() == (token == fixture().token),
         "a changed token was accepted, or the true one refused");
}

void signed_texts(std::string_view texts) {
  const auto line = texts.find('\n');
  if (line == std::string_view::npos) return;
  std::string header(texts.substr(0, line));
  const auto payload = texts.substr(line + 1);
  if (const auto at = header.find("KID"); at != std::string::npos) header.replace(at, 3, fixture().key.kid());
  const auto claims = fixture().verify(crypto::forged_token(fixture().key, header, payload));
  if (!claims) return;
  const auto head = boost::json::parse(header).as_object();
  ensure(head.size() == 3 && text_of(head, "alg") == "ES256" && text_of(head, "typ") == "at+jwt",
         "a foreign header was accepted");
  const auto body = boost::json::parse(payload).as_object();
  ensure(text_of(body, "iss") == fixture().expected.issuer && text_of(body, "aud") == fixture().expected.audience,
         "of another issuer or audience");
  ensure(text_of(body, "sub") == claims->subject && text_of(body, "sid") == claims->session_id &&
             text_of(body, "jti") == claims->token_id,
         "other claims");
  ensure(body.at("exp").as_int64() > fixture().now_s - 60 && body.at("iat").as_int64() <= fixture().now_s + 60,
         "out of its time");
}

void web_key(std::string_view text) {
  const auto key = crypto::VerifyKey::from_jwk(text);
  if (!key) return;
  const auto jwk = json::read_object(text).value();
  for (const auto* member : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
    ensure(!jwk.contains(member), "a private key was accepted");
  ensure(key->kid().size() == 43 && (!jwk.contains("kid") || text_of(jwk, "kid") == key->kid()),
         "a key with another's id");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_view({data, size});
  const auto rest = text.substr(std::min<std::size_t>(1, size));
  switch (size > 0 ? text.front() : '\0') {
    case 'E': edited_token(rest); break;
    case 'S': signed_texts(rest); break;
    case 'K': web_key(rest); break;
    default: ensure(!fixture().verify(text), "a token that nobody signed was accepted");
  }
  return 0;
}
