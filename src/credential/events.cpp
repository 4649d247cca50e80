#include "credential/events.h"

#include "base/id.h"

namespace gatehouse::credential {
namespace {

events::Event event_of(const Moment& moment, std::string_view type, std::string_view user_id, Random& random) {
  events::Event event;
  event.event_id = Uuid::make_v7(moment.at, random).str();
  event.event_type = type;
  event.source = "credential";
  event.subject = user_id;
  event.occurred_at = moment.at;
  event.correlation_id = moment.correlation_id;
  event.trace_parent = moment.trace_parent;
  return event;
}

}  // namespace

events::Event password_set(const Moment& moment, std::string_view user_id, Random& random) {
  return event_of(moment, "password.set.v1", user_id, random);
}

events::Event password_verified_failed(const Moment& moment, std::string_view user_id, Random& random) {
  return event_of(moment, "password.verified_failed.v1", user_id, random);
}

}  // namespace gatehouse::credential
