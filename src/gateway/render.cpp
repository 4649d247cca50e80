#include "gateway/render.h"

#include "base/clock.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t body_bytes_usual = 512;
constexpr std::size_t fields_usual = 8;

std::string_view name_of(identity::v1::UserStatus status) {
  switch (status) {
    case identity::v1::USER_STATUS_ACTIVE: return "active";
    case identity::v1::USER_STATUS_DISABLED: return "disabled";
    default: return "pending";
  }
}

}  // namespace

void write_time(json::Writer& json, std::string_view name, std::int64_t ms) {
  json.field(name, to_rfc3339(from_ms(ms)));
}

void write_user(json::Writer& json, const identity::v1::User& user) {
  json.begin_object().field("id", user.id()).field("username", user.username());
  json.field("display_name", user.display_name()).field("locale", user.locale());
  if (user.email().empty())
    json.key("email").null();
  else
    json.field("email", user.email());
  json.field("email_verified", user.email_verified()).field("status", name_of(user.status()));
  write_time(json, "created_at", user.created_at_ms());
  write_time(json, "updated_at", user.updated_at_ms());
  json.field("version", user.version()).end_object();
}

void write_tokens(json::Writer& json, const auth::v1::Tokens& tokens) {
  json.begin_object().field("access_token", tokens.access_token()).field("token_type", "Bearer");
  json.field("expires_in", tokens.access_expires_in_s()).field("refresh_token", tokens.refresh_token());
  json.field("refresh_expires_in", tokens.refresh_expires_in_s()).field("session_id", tokens.session_id());
  json.end_object();
}

void write_identifier(json::Writer& json, const identity::v1::Identifier& identifier) {
  json.begin_object().field("id", identifier.id()).field("type", identifier.type());
  json.field("value", identifier.value()).field("verified", identifier.verified());
  write_time(json, "created_at", identifier.created_at_ms());
  if (identifier.has_verified_at_ms())
    write_time(json, "verified_at", identifier.verified_at_ms());
  else
    json.key("verified_at").null();
  json.end_object();
}

void write_session(json::Writer& json, const auth::v1::Session& session, std::string_view current_id) {
  json.begin_object().field("id", session.id());
  write_time(json, "created_at", session.created_at_ms());
  write_time(json, "last_used_at", session.last_used_at_ms());
  write_time(json, "expires_at", session.expires_at_ms());
  json.field("user_agent", session.user_agent()).field("source", session.source());
  json.field("current", session.id() == current_id).end_object();
}

void write_challenge(json::Writer& json, const identity::v1::Challenge& challenge) {
  json.begin_object().field("id", challenge.id());
  write_time(json, "expires_at", challenge.expires_at_ms());
  if (challenge.solved()) json.field("solved", true);
  json.end_object();
}

void write_permissions(json::Writer& json, const account::v1::Permissions& permissions) {
  json.begin_object().field("user_id", permissions.user_id()).key("roles").begin_array();
  for (const auto& role : permissions.roles()) json.string(role);
  json.end_array().key("permissions").begin_array();
  for (const auto& permission : permissions.permissions()) json.string(permission);
  json.end_array().end_object();
}

http::Response json_response(int status) {
  http::Response response;
  response.status = status;
  response.fields.reserve(fields_usual);
  response.body.reserve(body_bytes_usual);
  return response;
}

http::Response no_content() {
  http::Response response;
  response.status = 204;
  return response;
}

http::Response not_modified(std::string etag) {
  http::Response response;
  response.status = 304;
  response.with("etag", std::move(etag));
  return response;
}

}  // namespace gatehouse::gateway
