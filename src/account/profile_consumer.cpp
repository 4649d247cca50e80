#include "account/profile_consumer.h"

#include "account/service.h"

namespace gatehouse::account {

Task<void> ProfileConsumer::handle(Call call, events::Event event) {
  if (event.event_type == "user.created.v1") co_return co_await create_profile(call, std::move(event));
  if (event.event_type != "user.deleted.v1") co_return Done{};
  const auto forgotten = co_await store_->forget_user(call, event.event_id, event.subject);
  if (!forgotten) co_return pass(forgotten);
  PermissionsChanged notice{event.subject};
  co_return co_await changes_.publish(std::move(notice));
}

Task<void> ProfileConsumer::create_profile(Call call, events::Event heard) {
  Profile profile{.user_id = heard.subject, .joined_at = heard.occurred_at};
  auto event = make_account_event(event_types::account_updated, heard.subject, clock_, random_);
  event.correlation_id = heard.correlation_id;
  event.trace_parent = heard.trace_parent;
  event.data = R"({"changed":["profile"]})";
  co_return co_await store_->create_profile(call, heard.event_id, std::move(profile), std::move(event));
}

}  // namespace gatehouse::account
