// Challenges: proving that an address is one's own.
#include "gateway/calls.h"
#include "gateway/render.h"
#include "gateway/request_body.h"

namespace gatehouse::gateway {

Task<http::Response> Calls::create_challenge(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::CreateChallengeRequest request;
  request.set_type(body->one_of("type", {"email"}));
  request.set_value(body->text("value"));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto admission = admit_recipient(exchange, request.value());
  if (!admission.allowed) co_return rate_limited(admission);
  const auto challenge = co_await parts_.identity.create_challenge(exchange.call, std::move(request));
  if (!challenge) co_return pass(challenge);
  co_return json_response(201, *challenge, write_challenge);
}

Task<http::Response> Calls::verify_challenge(Exchange exchange) {
  auto body = RequestBody::read(exchange);
  if (!body) co_return pass(body);
  identity::v1::VerifyChallengeRequest request;
  request.set_challenge_id(std::string(exchange.path_id));
  request.set_code(body->digits("code", limits::challenge_code_digits));
  const auto valid = body->finish();
  if (!valid) co_return pass(valid);
  const auto challenge = co_await parts_.identity.verify_challenge(exchange.call, std::move(request));
  if (!challenge) co_return pass(challenge);
  co_return json_response(200, *challenge, write_challenge);
}

}  // namespace gatehouse::gateway
