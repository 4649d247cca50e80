// One's own sessions.
#include "gateway/calls.h"
#include "gateway/query.h"
#include "gateway/render.h"

namespace gatehouse::gateway {

Task<http::Response> Calls::list_sessions(Exchange exchange) {
  auto page = read_page(exchange.request->query);
  if (!page) co_return pass(page);
  auth::v1::ListSessionsRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  request.set_page_size(page->size);
  request.set_page_token(std::move(page->token));
  auto list = co_await parts_.auth.list_sessions(exchange.call, std::move(request));
  if (!list) {
    list.error().fields.clear();  // what is wrong stands in the query: malformed, not a field of a body
    co_return pass(list);
  }
  const auto current = exchange.call.caller.session_id.str();
  auto response = json_response(200);
  json::Writer json(response.body);
  json.begin_object().key("sessions").begin_array();
  for (const auto& session : list->sessions()) write_session(json, session, current);
  json.end_array().key("next_page_token");
  if (list->next_page_token().empty())
    json.null();
  else
    json.string(list->next_page_token());
  json.end_object();
  co_return response;
}

Task<http::Response> Calls::revoke_session(Exchange exchange) {
  auth::v1::RevokeSessionRequest request;
  request.set_user_id(exchange.call.caller.user_id.str());
  request.set_session_id(std::string(exchange.path_id));
  const auto revoked = co_await parts_.auth.revoke_session(exchange.call, std::move(request));
  if (!revoked) co_return pass(revoked);
  co_return no_content();
}

Task<http::Response> Calls::revoke_other_sessions(Exchange exchange) {
  auto user_id = exchange.call.caller.user_id.str();
  const auto this_one = exchange.call.caller.session_id;
  const auto ended = co_await end_sessions(exchange.call, std::move(user_id), this_one, "user");
  if (!ended) co_return pass(ended);
  co_return no_content();
}

}  // namespace gatehouse::gateway
