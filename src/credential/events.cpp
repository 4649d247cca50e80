#include "credential/events.h"

#include "base/id.h"
#include "json/member.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::credential {
namespace {

constexpr std::string_view set_type = "password.set.v1";

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
  return event_of(moment, set_type, user_id, random);
}

events::Event password_replaced(const Moment& moment, std::string_view user_id, const PasswordReplaced& what,
                                Random& random) {
  auto event = event_of(moment, set_type, user_id, random);
  event.data.clear();
  json::Writer writer(event.data);
  writer.begin_object().field("version", what.version);
  if (!what.kept_session_id.empty()) writer.field("kept_session_id", what.kept_session_id);
  writer.end_object();
  return event;
}

Result<std::optional<PasswordReplaced>> replaced_of(const events::Event& event) {
  if (event.event_type != set_type) return std::nullopt;
  const auto data = json::read_object(event.data);
  if (!data) return pass(data);
  if (!data->contains("version")) return std::nullopt;
  const auto version = json::integer_of(*data, "version");
  if (version < 1) return fail(Code::invalid_argument, "event_malformed", "The event is malformed.", "version");
  return PasswordReplaced{.version = version, .kept_session_id = json::text_of(*data, "kept_session_id")};
}

events::Event password_verified_failed(const Moment& moment, std::string_view user_id, Random& random) {
  return event_of(moment, "password.verified_failed.v1", user_id, random);
}

}  // namespace gatehouse::credential
