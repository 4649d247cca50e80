// Access tokens of jose.h: the claims of RFC 9068 over a JWS.
#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "crypto/jose.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::crypto {
namespace {

constexpr std::string_view kTyp = "at+jwt";
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
constexpr json::ReadLimits kClaimsLimits{
    .bytes_max = limits::token_bytes_max, .depth_max = limits::json_depth_max, .members_max = 64};

std::unexpected<Error> refuse(std::string_view reason, std::string_view message, std::string_view detail = {}) {
  return fail(Code::unauthenticated, reason, message, detail);
}
std::unexpected<Error> invalid(std::string_view detail) {
  return refuse("token_claims_invalid", "The access token is not valid.", detail);
}

bool read_text(const boost::json::object& claims, std::string_view name, std::string& into) {
  const auto* const claim = claims.if_contains(name);
  if (claim == nullptr || !claim->is_string()) return false;
  into = std::string_view(claim->get_string());
  return true;
}

bool read_seconds(const boost::json::object& claims, std::string_view name, std::int64_t& into) {
  const auto* const claim = claims.if_contains(name);
  if (claim == nullptr || !claim->is_int64()) return false;
  into = claim->get_int64();
  return into >= 0 && into <= kSecondsMax;
}

struct Times {
  std::int64_t issued_s = 0, expires_s = 0, not_before_s = 0;
};

std::optional<Times> read_times(const boost::json::object& claims) {
  Times times;
  if (!read_seconds(claims, "iat", times.issued_s) || !read_seconds(claims, "exp", times.expires_s))
    return std::nullopt;
  if (claims.contains("nbf") && !read_seconds(claims, "nbf", times.not_before_s)) return std::nullopt;
  if (times.expires_s <= times.issued_s) return std::nullopt;
  return times;
}

// Each edge is open to the skew and no further: exp is refused from exp + skew on, nbf and iat until nbf - skew.
Done check_times(const Times& times, std::int64_t skew_s, WallTime now) {
  const auto skew = std::clamp<std::int64_t>(skew_s, 0, limits::clock_skew_s) * 1000, now_ms = to_ms(now);
  if (now_ms >= times.expires_s * 1000 + skew) return refuse("token_expired", "The access token has expired.");
  if (now_ms < std::max(times.issued_s, times.not_before_s) * 1000 - skew)
    return refuse("token_not_yet_valid", "The access token is not valid yet.");
  return {};
}

}  // namespace

std::string sign_access_token(const SigningKey& key, const AccessClaims& claims) {
  std::string payload;
  payload.reserve(512);
  json::Writer writer(payload);
  writer.begin_object().field("iss", claims.issuer).field("aud", claims.audience).field("sub", claims.subject);
  writer.field("sid", claims.session_id).field("iat", claims.issued_at_s).field("exp", claims.expires_at_s);
  writer.field("jti", claims.token_id).field("scope", claims.scope).end_object();
  return key.sign(kTyp, payload);
}

Result<AccessClaims> verify_access_token(std::string_view token, const VerifyKeys& keys,
                                         const AccessExpectations& expected, WallTime now) {
  const auto jws = verify_jws(token, keys);
  if (!jws) return pass(jws);
  if (jws->typ != kTyp) return invalid("typ is not at+jwt");
  const auto claims = json::read_object(jws->payload, kClaimsLimits);
  if (!claims) return invalid(claims.error().reason);
  AccessClaims out;
  const bool complete = read_text(*claims, "iss", out.issuer) && read_text(*claims, "aud", out.audience) &&
                        read_text(*claims, "sub", out.subject) && read_text(*claims, "sid", out.session_id) &&
                        read_text(*claims, "jti", out.token_id) && read_text(*claims, "scope", out.scope);
  if (!complete || out.subject.empty() || out.session_id.empty() || out.token_id.empty())
    return invalid("a claim is missing or is not a string");
  const auto times = read_times(*claims);
  if (!times) return invalid("iat, exp or nbf is missing or out of range");
  if (out.issuer != expected.issuer) return refuse("token_wrong_issuer", "The access token is not from this issuer.");
  if (out.audience != expected.audience)
    return refuse("token_wrong_audience", "The access token is not for this service.");
  const auto timely = check_times(*times, expected.skew_s, now);
  if (!timely) return pass(timely);
  out.issued_at_s = times->issued_s;
  out.expires_at_s = times->expires_s;
  return out;
}

}  // namespace gatehouse::crypto
