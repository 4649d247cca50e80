// The values of the roles as the JSON and the responses of the REST contract (api/openapi.yaml). Pure.
#pragma once

#include <string_view>

#include "gatehouse/account/v1/account.pb.h"
#include "gatehouse/auth/v1/auth.pb.h"
#include "gatehouse/identity/v1/identity.pb.h"
#include "http/message.h"
#include "json/writer.h"

namespace gatehouse::gateway {

void write_user(json::Writer& json, const identity::v1::User& user);
void write_tokens(json::Writer& json, const auth::v1::Tokens& tokens);
void write_identifier(json::Writer& json, const identity::v1::Identifier& identifier);
void write_session(json::Writer& json, const auth::v1::Session& session, std::string_view current_id);
void write_challenge(json::Writer& json, const identity::v1::Challenge& challenge);
void write_permissions(json::Writer& json, const account::v1::Permissions& permissions);
void write_time(json::Writer& json, std::string_view name, std::int64_t ms);

[[nodiscard]] http::Response no_content();                     // 204
[[nodiscard]] http::Response not_modified(std::string etag);   // 304
[[nodiscard]] http::Response json_response(int status);        // empty body, reserved for a small answer

// A response whose body is one value.
template <class Value, class Write>
[[nodiscard]] http::Response json_response(int status, const Value& value, Write write) {
  auto response = json_response(status);
  json::Writer json(response.body);
  write(json, value);
  return response;
}

}  // namespace gatehouse::gateway
