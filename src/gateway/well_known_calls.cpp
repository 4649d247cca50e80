// What those who verify our tokens, and those who write clients, read. Public and cacheable.
#include <algorithm>

#include "gateway/calls.h"
#include "gateway/conditional.h"
#include "gateway/openapi.h"
#include "gateway/render.h"
#include "http/gzip.h"

namespace gatehouse::gateway {
namespace {

// A new key is published long before it signs, so five minutes of age hurt nobody.
constexpr const char* kept_for_minutes = "public, max-age=300";
static_assert(limits::key_set_kept_s == 300, "rotations wait for as long as the header says");

struct Document {
  std::string_view body;
  std::string etag;  // of the plain form
  bool is_gzipped = false;
};

http::Response answer_with(const Exchange& exchange, Document document) {
  const bool is_current = has_current(*exchange.request, document.etag);
  if (document.is_gzipped) document.etag.insert(0, "W/");  // other octets, the same content
  auto response = is_current ? not_modified(std::move(document.etag)) : json_response(200);
  response.with("cache-control", kept_for_minutes);
  // The server says so of a whole plain answer, which it may compress; of one without a body it does not know.
  const bool varies = document.is_gzipped || (is_current && document.body.size() >= limits::gzip_body_bytes_min);
  if (varies) response.with("vary", "accept-encoding");
  if (is_current) return response;
  if (document.is_gzipped) response.with("content-encoding", "gzip");
  response.with("etag", std::move(document.etag));
  response.body = document.body;
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
  co_return answer_with(exchange, {.body = body, .etag = etag_of_content(body)});
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
  co_return answer_with(exchange, {.body = body, .etag = etag_of_content(body)});
}

Task<http::Response> Calls::get_openapi(Exchange exchange) {
  const auto& known = openapi_document();
  if (!known) co_return pass(known);
  const bool is_gzipped = !known->gzip.empty() && http::accepts_gzip(exchange.header("accept-encoding"));
  co_return answer_with(exchange, {.body = is_gzipped ? known->gzip : known->json, .etag = known->etag, .is_gzipped = is_gzipped});
}

}  // namespace gatehouse::gateway
