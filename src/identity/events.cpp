#include "identity/events.h"

#include "crypto/aead.h"
#include "identity/user.h"
#include "json/writer.h"

namespace gatehouse::identity {

events::Event EventMaker::make(std::string_view type, std::string_view subject) const {
  events::Event event;
  event.event_id = Uuid::make_v7(occasion_.now, random_).str();
  event.event_type = type;
  event.source = "identity";
  event.subject = subject;
  event.occurred_at = occasion_.now;
  event.correlation_id = occasion_.call.correlation_id.str();
  event.trace_parent = occasion_.call.trace_parent.str();
  return event;
}

void EventMaker::seal_data(events::Event& event, std::string_view key_id, const SecretKey& key,
                           std::string json) const {
  const Bytes box = crypto::seal(key, json, event.event_id, random_);
  wipe(json);
  event.key_id = key_id;
  event.data.clear();
  json::Writer(event.data).string(to_base64url(box));
}

events::Event EventMaker::user_created(const v1::User& user, const SecretKey& key) const {
  auto event = make("user.created.v1", user.id());
  std::string data;
  json::Writer writer(data);
  writer.begin_object().field("username", user.username());
  if (!user.email().empty()) writer.field("email", user.email());
  writer.field("locale", user.locale()).field("origin", occasion_.origin).end_object();
  seal_data(event, user.id(), key, std::move(data));
  return event;
}

events::Event EventMaker::user_updated(const v1::User& user, std::span<const std::string_view> changed) const {
  auto event = make("user.updated.v1", user.id());
  event.data.clear();
  json::Writer writer(event.data);
  writer.begin_object().key("changed").begin_array();
  for (const auto name : changed) writer.string(name);
  writer.end_array().field("status", name_of(user.status())).end_object();
  return event;
}

events::Event EventMaker::user_deleted(std::string_view user_id) const { return make("user.deleted.v1", user_id); }
events::Event EventMaker::user_released(std::string_view user_id) const { return make("user.released.v1", user_id); }

namespace {

std::string identifier_data(const v1::Identifier& identifier) {
  std::string data;
  json::Writer(data)
      .begin_object()
      .field("identifier_id", identifier.id())
      .field("type", identifier.type())
      .end_object();
  return data;
}

}  // namespace

events::Event EventMaker::identifier_attached(std::string_view user_id, const v1::Identifier& identifier) const {
  auto event = make("identifier.attached.v1", user_id);
  event.data = identifier_data(identifier);
  return event;
}

events::Event EventMaker::identifier_verified(std::string_view user_id, const v1::Identifier& identifier) const {
  auto event = make("identifier.verified.v1", user_id);
  event.data = identifier_data(identifier);
  return event;
}

events::Event EventMaker::identifier_detached(std::string_view user_id, const v1::Identifier& identifier,
                                              const SecretKey& key) const {
  auto event = make("identifier.detached.v1", user_id);
  std::string data;
  json::Writer(data)
      .begin_object()
      .field("identifier_id", identifier.id())
      .field("type", identifier.type())
      .field("value", identifier.value())
      .field("verified", identifier.verified())
      .end_object();
  seal_data(event, user_id, key, std::move(data));
  return event;
}

events::Event EventMaker::challenge_created(const Challenge& challenge, const CodeMail& mail,
                                            const SecretKey& key) const {
  const std::string id = challenge.id.str();
  auto event = make("challenge.created.v1", challenge.owner ? challenge.owner->str() : id);
  std::string data;
  data.reserve(limits::email_bytes_max + 256);  // in one piece, so that wiping it leaves no copy
  json::Writer(data)
      .begin_object()
      .field("type", mail.type)
      .field("purpose", challenge.is_decoy() ? "decoy" : name_of(challenge.purpose))
      .field("value", mail.value)
      .field("code", mail.code.reveal())
      .field("expires_at", to_rfc3339(challenge.expires_at))
      .field("locale", mail.locale)
      .field("origin", occasion_.origin)
      .end_object();
  seal_data(event, id, key, std::move(data));
  return event;
}

}  // namespace gatehouse::identity
