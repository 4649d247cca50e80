#include "auth/refresh_token.h"

#include <algorithm>
#include <array>

#include "crypto/aead.h"
#include "crypto/digest.h"

namespace gatehouse::auth {
namespace {

constexpr std::string_view prefix = "ghr_";
constexpr std::size_t id_bytes = 16, secret_bytes = 32, tag_bytes = 16;
constexpr std::size_t token_bytes = id_bytes + secret_bytes + tag_bytes;
constexpr std::size_t text_chars = prefix.size() + (token_bytes * 4 + 2) / 3;

std::string_view octets(const SessionId& id) { return as_view(id.value.bytes); }
std::string_view octets(const SecretKey& secret) { return as_view(secret.reveal()); }

SecretKey key_of(std::string_view bytes) {
  SecretKey key;
  std::array<std::uint8_t, secret_bytes> raw;
  std::ranges::copy(as_bytes(bytes), raw.begin());
  key = SecretKey(raw);
  wipe(raw.data(), raw.size());
  return key;
}

}  // namespace

RefreshTokens::RefreshTokens(const crypto::MasterKey& master_key, Random& random)
    : tag_key_(master_key.derive("auth.refresh-tag")),
      first_key_(master_key.derive("auth.first-token")),
      idempotency_key_(master_key.derive("auth.idempotency-key")),
      random_(random) {}

RefreshToken RefreshTokens::make(SessionId session) const {
  std::array<std::uint8_t, secret_bytes> raw;
  random_.fill(raw);
  RefreshToken token{session, SecretKey(raw)};
  wipe(raw.data(), raw.size());
  return token;
}

RefreshToken RefreshTokens::make_first(SessionId session, std::string_view idempotency_key) const {
  const auto material = std::string(octets(session)).append(idempotency_key);
  return {session, SecretKey(crypto::hmac_sha256(first_key_, material))};
}

std::optional<RefreshToken> RefreshTokens::parse(std::string_view text) const {
  if (text.size() != text_chars || !text.starts_with(prefix)) return std::nullopt;
  auto bytes = from_base64url(text.substr(prefix.size()));
  if (!bytes || bytes->size() != token_bytes) return std::nullopt;
  const std::string_view all = *bytes;
  const auto expected = crypto::hmac_sha256(tag_key_, all.substr(0, id_bytes + secret_bytes));
  std::optional<RefreshToken> token;
  if (equal_constant_time(all.substr(id_bytes + secret_bytes), as_view(expected).substr(0, tag_bytes))) {
    token.emplace();
    std::ranges::copy(as_bytes(all.substr(0, id_bytes)), token->session.value.bytes.begin());
    token->secret = key_of(all.substr(id_bytes, secret_bytes));
  }
  wipe(*bytes);
  return token;
}

std::string RefreshTokens::text_of(const RefreshToken& token) const {
  std::string bytes;
  bytes.reserve(token_bytes);
  bytes.append(octets(token.session)).append(octets(token.secret));
  const auto tag = crypto::hmac_sha256(tag_key_, bytes);
  bytes.append(as_view(tag).substr(0, tag_bytes));
  std::string text;
  text.reserve(text_chars);
  text.append(prefix).append(to_base64url(bytes));
  wipe(bytes);
  return text;
}

Digest RefreshTokens::digest_of(const RefreshToken& token) { return crypto::sha256(octets(token.secret)); }

Bytes RefreshTokens::seal_successor(const RefreshToken& presented, const RefreshToken& successor) const {
  const auto key = crypto::hkdf_sha256(octets(presented.secret), "auth.successor");
  return crypto::seal(key, octets(successor.secret), octets(presented.session), random_);
}

Result<RefreshToken> RefreshTokens::open_successor(const RefreshToken& presented, std::string_view sealed) {
  const auto key = crypto::hkdf_sha256(octets(presented.secret), "auth.successor");
  const auto opened = crypto::open(key, sealed, octets(presented.session));
  if (!opened) return pass(opened);
  if (opened->reveal().size() != secret_bytes) return internal("a sealed successor has the wrong size");
  return RefreshToken{presented.session, key_of(opened->reveal())};
}

Digest RefreshTokens::digest_of_key(std::string_view user_id, std::string_view idempotency_key) const {
  return crypto::hmac_sha256(idempotency_key_, std::string(user_id).append(1, '\0').append(idempotency_key));
}

}  // namespace gatehouse::auth
