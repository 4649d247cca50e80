#include "notification/mail_consumer.h"

#include "notification/sealed.h"

namespace gatehouse::notification {

Task<SecretKey> fetch_subject_key(identity::Api& identity, Call call, std::string key_id) {
  identity::v1::GetSubjectKeyRequest request;
  request.set_key_id(std::move(key_id));
  auto answer = co_await identity.get_subject_key(call, std::move(request));
  if (!answer) co_return pass(answer);
  auto key = subject_key(answer->key());
  wipe(*answer->mutable_key());
  co_return key;
}

MailConsumer::MailConsumer(const Needs& needs)
    : store_(needs.store),
      identity_(needs.identity),
      product_name_(needs.product_name),
      clock_(needs.clock),
      random_(needs.random),
      dropped_(needs.metrics.counter("gatehouse_mail_dropped_total", "Mails that a full queue dropped, unsent.")) {}

Task<void> MailConsumer::handle(Call call, events::Event event) {
  if (!asks_for_mail(event.event_type)) co_return Done{};
  auto key = co_await fetch_subject_key(identity_, call, event.key_id);
  if (!key && key.error().code == Code::not_found) co_return Done{};  // erased
  if (!key) co_return pass(key);
  auto data = open_event_data(event, *key);
  if (!data) co_return pass(data);
  const auto now = clock_.wall();
  auto draft = draft_for(event, *data, product_name_, now);
  if (!draft) co_return pass(draft);
  if (!*draft) co_return Done{};
  QueuedMail mail{.id = event.event_id,
                  .which = (*draft)->which,
                  .subject = event.subject,
                  .origin = (*draft)->origin,
                  .correlation_id = event.correlation_id,
                  .key_id = event.key_id,
                  .box = seal_letter((*draft)->letter, *key, event.event_id, random_),
                  .created_at = event.occurred_at,
                  .expires_at = (*draft)->expires_at,
                  .next_at = now};
  wipe((*draft)->letter.text);
  const auto dropped = co_await store_.enqueue(call, std::move(mail));
  if (!dropped) co_return pass(dropped);
  if (*dropped && **dropped != Template::decoy) dropped_.Increment();
  co_return Done{};
}

}  // namespace gatehouse::notification
