#include "notification/events.h"

#include "base/id.h"
#include "json/writer.h"

namespace gatehouse::notification {
namespace {

events::Event make(std::string_view type, const QueuedMail& mail, WallTime now, Random& random) {
  events::Event event{.event_id = Uuid::make_v7(now, random).str(),
                      .event_type = std::string(type),
                      .source = "notification",
                      .subject = mail.subject,
                      .occurred_at = now,
                      .correlation_id = mail.correlation_id};
  event.data.clear();
  json::Writer(event.data).begin_object().field("template", name_of(mail.which)).end_object();
  return event;
}

}  // namespace

events::Event mail_sent(const QueuedMail& mail, WallTime now, Random& random) { return make("mail.sent.v1", mail, now, random); }

events::Event mail_failed(const QueuedMail& mail, WallTime now, Random& random) {
  return make("mail.failed.v1", mail, now, random);
}

}  // namespace gatehouse::notification
