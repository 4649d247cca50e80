#include "account/stale_marks.h"

#include "telemetry/log.h"

namespace gatehouse::account {

Task<void> drop_stale_marks_once(Store& store, identity::Api& identity, WallTime marked_before, WallTime now) {
  const Call call{};
  const auto marked = co_await store.list_inactive_admins(call, marked_before);
  if (!marked) co_return pass(marked);
  Done outcome;
  for (const auto& user_id : *marked) {
    identity::v1::GetUserRequest request;
    request.set_user_id(user_id);
    const auto user = co_await identity.get_user(call, std::move(request));
    if (!user && user.error().code != Code::not_found) outcome = pass(user);
    if (!user || user->status() != identity::v1::USER_STATUS_ACTIVE) continue;
    auto dropped = co_await store.set_active(call, user_id, true, now);
    if (dropped)
      log::warn("an admin who was about to go did not, and counts as one again", {{"user_id", user_id}});
    else
      outcome = std::move(dropped);
  }
  co_return outcome;
}

}  // namespace gatehouse::account
