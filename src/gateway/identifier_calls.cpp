// One's own identifiers.
#include "gateway/calls.h"
#include "gateway/render.h"
#include "gateway/request_body.h"

namespace gatehouse::gateway {

Task<http::Response> Calls::list_identifiers(Exchange exchange) {
  identity::v1::ListIdentifiersRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  const auto list = co_await parts_.identity.list_identifiers(exchange.call, std::move(request));
  if (!list) co_return pass(list);
  auto response = json_response(200);
  json::Writer json(response.body);
  json.begin_object().key("identifiers").begin_array();
  for (const auto& identifier : list->identifiers()) write_identifier(json, identifier);
  json.end_array().end_object();
  co_return response;
}

// Whoever has a verified address of an account can recover it: that takes more than a token that was picked up (S-14).
Task<http::Response> Calls::attach_identifier(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  const auto current_password = body->text("current_password");
  identity::v1::AttachIdentifierRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  request.set_type(body->one_of("type", {"email"}));
  request.set_value(body->text("value"));
  request.set_challenge_id(body->optional_id("challenge_id"));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto user = co_await load_caller(exchange.call);
  if (!user) co_return pass(user);
  const auto proven = co_await verify_own_password(exchange.call, current_password);
  if (!proven) co_return pass(proven);
  const auto identifier = co_await parts_.identity.attach_identifier(exchange.call, std::move(request));
  if (!identifier) co_return pass(identifier);
  co_return json_response(201, *identifier, write_identifier);
}

Task<http::Response> Calls::detach_identifier(Exchange exchange) {
  identity::v1::DetachIdentifierRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  request.set_identifier_id(std::string(exchange.path_id));
  const auto detached = co_await parts_.identity.detach_identifier(exchange.call, std::move(request));
  if (!detached) co_return pass(detached);
  co_return no_content();
}

}  // namespace gatehouse::gateway
