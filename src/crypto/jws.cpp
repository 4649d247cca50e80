// verify_jws of jose.h: bytes → a payload that one of our keys has signed.
#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "crypto/jose.h"
#include "json/reader.h"

namespace gatehouse::crypto {
namespace {

constexpr std::size_t kHeaderCharsMax = 512;  // alg, kid and typ take about 130
constexpr json::ReadLimits kHeaderLimits{.bytes_max = kHeaderCharsMax, .depth_max = 1, .members_max = 3};

struct Segments {
  std::string_view header, payload, signature, signed_text;
};

struct Header {
  std::string alg, kid, typ;
};

std::unexpected<Error> refuse(std::string_view reason, std::string_view detail) {
  return fail(Code::unauthenticated, reason, "The access token is not valid.", detail);
}
std::unexpected<Error> malformed(std::string_view detail) { return refuse("token_malformed", detail); }

std::optional<Segments> split(std::string_view token) {
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Segments{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                  token.substr(0, second)};
}

bool is_kid(std::string_view text) {
  return !text.empty() && text.size() <= limits::kid_bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// An allow-list: jku, x5u, jwk, crit, zip, b64 and whatever comes next are refused with everything else.
std::optional<Header> read_header(std::string_view text) {
  const auto object = json::read_object(text, kHeaderLimits);
  if (!object) return std::nullopt;
  Header header;
  for (const auto& member : *object) {
    if (!member.value().is_string()) return std::nullopt;
    const std::string_view name = member.key();
    auto* const place = name == "alg"   ? &header.alg
                        : name == "kid" ? &header.kid
                        : name == "typ" ? &header.typ
                                        : nullptr;
    if (place == nullptr) return std::nullopt;
    *place = std::string_view(member.value().get_string());
  }
  if (header.alg.empty() || !is_kid(header.kid)) return std::nullopt;
  return header;
}

}  // namespace

Result<Jws> verify_jws(std::string_view token, const VerifyKeys& keys) {
  if (token.size() > limits::token_bytes_max) return malformed("too long");
  const auto parts = split(token);
  if (!parts) return malformed("not three segments");
  if (parts->header.size() > kHeaderCharsMax) return malformed("header too long");
  const auto header_text = from_base64url(parts->header);
  if (!header_text) return malformed("header is not base64url");
  auto header = read_header(*header_text);
  if (!header) return malformed("header is not {alg, kid, typ}");
  const auto key = keys.find(header->kid);
  if (key == keys.end()) return refuse("token_key_unknown", "no key has this kid");
  if (header->alg != name_of(key->second.alg())) return malformed("alg is not that of the key");
  const auto signature = from_base64url(parts->signature);
  if (!signature) return malformed("signature is not base64url");
  if (!key->second.verify(parts->signed_text, *signature))
    return refuse("token_signature_wrong", "signature does not hold");
  auto payload = from_base64url(parts->payload);
  if (!payload) return malformed("payload is not base64url");
  return Jws{std::move(header->kid), std::move(header->typ), std::move(*payload)};
}

}  // namespace gatehouse::crypto
