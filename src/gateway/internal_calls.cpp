// What services behind the gateway ask.
#include "gateway/calls.h"
#include "gateway/render.h"

namespace gatehouse::gateway {

// Whoever may not act has no permissions, whatever their roles.
Task<http::Response> Calls::get_permissions(Exchange exchange) {
  const auto user_id = UserId::parse(exchange.path_id);
  if (!user_id) co_return not_found("user_not_found", "There is no such user.");
  auto id = user_id->str();
  const auto user = co_await load_user(exchange.call, std::move(id));
  if (!user) co_return pass(user);
  if (user->status() != identity::v1::USER_STATUS_ACTIVE) {
    account::v1::Permissions none;
    none.set_user_id(user_id->str());
    co_return json_response(200, none, write_permissions);
  }
  const auto permissions = co_await parts_.permissions.of(exchange.call, *user_id);
  if (!permissions) co_return pass(permissions);
  co_return json_response(200, *permissions, write_permissions);
}

}  // namespace gatehouse::gateway
