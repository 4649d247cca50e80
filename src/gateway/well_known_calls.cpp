// What those who verify our tokens, and those who write clients, read. Public and cacheable.
#include <algorithm>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "gateway/calls.h"
#include "gateway/conditional.h"
#include "gateway/openapi.h"
#include "gateway/render.h"

namespace gatehouse::gateway {
namespace {

// A new key is published long before it signs, so five minutes of age hurt nobody.
constexpr const char* kept_for_minutes = "public, max-age=300";

// A document named by its content.
http::Response document(const Exchange& exchange, std::string body) {
  const auto digest = crypto::sha256(body);
  auto etag = "\"" + to_base64url(as_view(digest).substr(0, 12)) + "\"";
  const bool is_current = has_current(*exchange.request, etag);
  auto response = is_current ? not_modified(std::move(etag)) : json_response(200);
  response.with("cache-control", kept_for_minutes);
  if (is_current) return response;
  response.with("etag", std::move(etag));
  response.body = std::move(body);
  return response;
}

}  // namespace

Task<http::Response> Calls::get_jwks(Exchange exchange) {
  auth::v1::GetKeySetRequest request;
  const auto set = co_await parts_.auth.get_key_set(exchange.call, std::move(request));
  if (!set) co_return pass(set);
  std::string body;
  json::Writer json(body);
  json.begin_object().key("keys").begin_array();
  for (const auto& key : set->keys()) json.raw(key.jwk());
  json.end_array().end_object();
  co_return document(exchange, std::move(body));
}

Task<http::Response> Calls::get_openid_configuration(Exchange exchange) {
  auth::v1::GetKeySetRequest request;
  const auto set = co_await parts_.auth.get_key_set(exchange.call, std::move(request));
  if (!set) co_return pass(set);
  std::string body;
  json::Writer json(body);
  json.begin_object().field("issuer", parts_.issuer);
  json.field("jwks_uri", parts_.issuer + "/.well-known/jwks.json");
  json.key("subject_types_supported").begin_array().string("public").end_array();
  json.key("response_types_supported").begin_array().end_array();
  json.key("id_token_signing_alg_values_supported").begin_array();
  std::vector<std::string_view> said;
  for (const auto& key : set->keys()) {
    if (std::ranges::find(said, key.alg()) != said.end()) continue;
    said.push_back(key.alg());
    json.string(key.alg());
  }
  json.end_array().end_object();
  co_return document(exchange, std::move(body));
}

Task<http::Response> Calls::get_openapi(Exchange exchange) {
  const auto& json = openapi_json();
  if (!json) co_return pass(json);
  co_return document(exchange, *json);
}

}  // namespace gatehouse::gateway
