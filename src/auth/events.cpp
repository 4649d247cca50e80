#include "auth/events.h"

#include "json/writer.h"

namespace gatehouse::auth {
namespace {

events::Event event_of(const Moment& moment, std::string_view type, std::string_view subject, Random& random) {
  events::Event event;
  event.event_id = Uuid::make_v7(moment.at, random).str();
  event.event_type = type;
  event.source = "auth";
  event.subject = subject;
  event.occurred_at = moment.at;
  event.correlation_id = moment.correlation_id;
  event.trace_parent = moment.trace_parent;
  event.data.clear();
  return event;
}

}  // namespace

Moment moment_of(const Call& call, WallTime now) {
  return {.at = now, .correlation_id = call.correlation_id.str(), .trace_parent = call.trace_parent.str()};
}

events::Event session_created(const Moment& moment, std::string_view user_id, SessionId session, Random& random) {
  auto event = event_of(moment, "session.created.v1", user_id, random);
  json::Writer(event.data).begin_object().field("session_id", session.str()).end_object();
  return event;
}

events::Event session_revoked(const Moment& moment, std::string_view user_id, SessionId session,
                              std::string_view reason, Random& random) {
  auto event = event_of(moment, "session.revoked.v1", user_id, random);
  json::Writer(event.data).begin_object().field("session_id", session.str()).field("reason", reason).end_object();
  return event;
}

events::Event key_rotated(const Moment& moment, std::string_view kid, Random& random) {
  auto event = event_of(moment, "key.rotated.v1", kid, random);
  json::Writer(event.data).begin_object().field("kid", kid).end_object();
  return event;
}

}  // namespace gatehouse::auth
