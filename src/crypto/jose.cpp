#include "crypto/jose.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ensure.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/evp_key.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::crypto {
namespace {

// What a key type says of itself in a JWK, and the names of its public numbers (RFC 7518 §6, RFC 8037 §2).
struct KeyType {
  Alg alg;
  std::string_view name, kty, crv, first, second;
};
constexpr std::array<KeyType, 3> kKeyTypes = {{{Alg::es256, "ES256", "EC", "P-256", "x", "y"},
                                               {Alg::eddsa, "EdDSA", "OKP", "Ed25519", "x", ""},
                                               {Alg::rs256, "RS256", "RSA", "", "n", "e"}}};

const KeyType& type_of(Alg alg) { return kKeyTypes[static_cast<std::size_t>(alg)]; }

constexpr json::ReadLimits kJwkLimits{.bytes_max = 4096, .depth_max = 1, .members_max = 16};

std::unexpected<Error> unusable(std::string_view why) {
  return fail(Code::invalid_argument, "jwk_malformed", "The key cannot be used.", why);
}

// Empty for what is not there; a member that is there and is no string is nobody's text.
std::optional<std::string_view> text_of(const boost::json::object& object, std::string_view name) {
  const auto* const member = object.if_contains(name);
  if (member == nullptr) return std::string_view();
  if (!member->is_string()) return std::nullopt;
  return std::string_view(member->get_string());
}

bool is_text(const boost::json::object& object, std::string_view name, std::string_view value) {
  return text_of(object, name) == value;
}

// RFC 7638: the required members alone, in alphabetical order, hashed.
std::string thumbprint(Alg alg, const PublicParts& parts) {
  const auto& type = type_of(alg);
  const auto first = to_base64url(parts.first), second = to_base64url(parts.second);
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  if (alg == Alg::rs256) {
    writer.field("e", second).field("kty", type.kty).field("n", first);
  } else {
    writer.field("crv", type.crv).field("kty", type.kty).field("x", first);
    if (alg == Alg::es256) writer.field("y", second);
  }
  writer.end_object();
  return to_base64url(as_view(sha256(text)));
}

const KeyType* type_in(const boost::json::object& jwk) {
  const auto found = std::ranges::find_if(
      kKeyTypes, [&](const KeyType& type) { return is_text(jwk, "kty", type.kty) && is_text(jwk, "crv", type.crv); });
  return found == kKeyTypes.end() ? nullptr : found;
}

// A member that is not of a public signing key of this type may be a private one, or mean another use: refused.
bool has_foreign_member(const boost::json::object& jwk, const KeyType& type) {
  return std::ranges::any_of(jwk, [&](const auto& member) {
    const std::string_view name = member.key();
    const bool is_ours = name == "kty" || name == "kid" || name == "alg" || name == "use" ||
                         (name == "crv" && !type.crv.empty()) || name == type.first ||
                         (name == type.second && !type.second.empty());
    return !is_ours;
  });
}

bool absent_or(const boost::json::object& jwk, std::string_view name, std::string_view value) {
  return !jwk.contains(name) || is_text(jwk, name, value);
}

}  // namespace

std::string_view name_of(Alg alg) { return type_of(alg).name; }

Result<Alg> alg_named(std::string_view name) {
  for (const auto& type : kKeyTypes)
    if (type.name == name) return type.alg;
  return fail(Code::invalid_argument, "alg_unsupported", "The signature algorithm must be ES256, EdDSA or RS256.");
}

Result<VerifyKey> VerifyKey::from_jwk(std::string_view text) {
  const auto jwk = json::read_object(text, kJwkLimits);
  if (!jwk) return unusable(jwk.error().message);
  const auto* const type = type_in(*jwk);
  if (type == nullptr) return unusable("kty and crv name no key type that we use");
  if (has_foreign_member(*jwk, *type)) return unusable("has a member that a public signing key has not");
  if (!absent_or(*jwk, "use", "sig") || !absent_or(*jwk, "alg", type->name)) return unusable("is for another use");
  PublicParts parts;
  const auto first = from_base64url(text_of(*jwk, type->first).value_or(""));
  const auto second = from_base64url(type->second.empty() ? "" : text_of(*jwk, type->second).value_or(""));
  if (!first || !second) return unusable("its numbers are not base64url");
  VerifyKey key;
  key.alg_ = type->alg;
  key.key_ = public_key_from(type->alg, {*first, *second});
  if (key.key_ == nullptr) return unusable("its numbers are not those of a key");
  key.kid_ = thumbprint(type->alg, {*first, *second});
  if (!absent_or(*jwk, "kid", key.kid_)) return unusable("its kid is not its thumbprint");
  return key;
}

bool VerifyKey::verify(std::string_view signed_text, std::string_view signature) const {
  return key_ != nullptr && is_signature_of(alg_, key_, signed_text, signature);
}

Result<SigningKey> SigningKey::generate(Alg alg) {
  SigningKey key;
  key.alg_ = alg;
  key.key_ = make_key(alg);
  if (key.key_ == nullptr) return internal("OpenSSL cannot make a key");
  key.kid_ = thumbprint(alg, public_parts_of(alg, key.key_));
  return key;
}

Result<SigningKey> SigningKey::from_private_der(Alg alg, const SecretString& pkcs8) {
  SigningKey key;
  key.alg_ = alg;
  key.key_ = private_key_from_der(alg, pkcs8);
  if (key.key_ == nullptr)
    return fail(Code::invalid_argument, "private_key_malformed", "The private key cannot be used.");
  key.kid_ = thumbprint(alg, public_parts_of(alg, key.key_));
  return key;
}

SecretString SigningKey::private_der() const { return private_der_of(key_); }

std::string SigningKey::public_jwk() const {
  const auto& type = type_of(alg_);
  const auto parts = public_parts_of(alg_, key_);
  std::string text;
  json::Writer writer(text);
  writer.begin_object().field("kty", type.kty).field("kid", kid_).field("alg", type.name).field("use", "sig");
  if (!type.crv.empty()) writer.field("crv", type.crv);
  writer.field(type.first, to_base64url(parts.first));
  if (!type.second.empty()) writer.field(type.second, to_base64url(parts.second));
  writer.end_object();
  return text;
}

std::string SigningKey::sign(std::string_view typ, std::string_view payload) const {
  std::string header;
  json::Writer(header).begin_object().field("alg", name_of(alg_)).field("kid", kid_).field("typ", typ).end_object();
  auto token = to_base64url(header) + '.' + to_base64url(payload);
  const auto signature = to_base64url(sign_text(alg_, key_, token));
  return token.append(1, '.').append(signature);
}

}  // namespace gatehouse::crypto
