#include "notification/mail_consumer.h"

#include "notification/alert.h"
#include "notification/sealed.h"

namespace gatehouse::notification {
namespace {

template <class T>
bool is_gone(const Result<T>& answer) {
  return !answer && answer.error().code == Code::not_found;
}

QueuedMail mail_about(const events::Event& event, std::string id, Template which, std::string box, WallTime now) {
  return {.id = std::move(id),
          .which = which,
          .subject = event.subject,
          .origin = event.subject,
          .correlation_id = event.correlation_id,
          .key_id = event.key_id,
          .box = std::move(box),
          .created_at = event.occurred_at,
          .expires_at = {},
          .next_at = now};
}

}  // namespace

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
  if (may_be_alert(event.event_type)) co_return co_await tell_owner(call, std::move(event));
  if (!asks_for_mail(event.event_type)) co_return Done{};
  auto key = co_await fetch_subject_key(identity_, call, event.key_id);
  if (is_gone(key)) co_return Done{};  // erased
  if (!key) co_return pass(key);
  auto data = open_event_data(event, *key);
  if (!data) co_return pass(data);
  const auto now = clock_.wall();
  auto draft = draft_for(event, *data, product_name_, now);
  if (!draft) co_return pass(draft);
  if (!*draft) co_return Done{};
  auto box = seal_letter((*draft)->letter, *key, event.event_id, random_);
  auto mail = mail_about(event, event.event_id, (*draft)->which, std::move(box), now);
  mail.expires_at = (*draft)->expires_at;
  mail.origin = (*draft)->origin;
  wipe((*draft)->letter.text);
  const auto dropped = co_await store_.enqueue(call, std::move(mail));
  if (!dropped) co_return pass(dropped);
  if (*dropped) count_dropped(**dropped);
  co_return Done{};
}

// Whose account it is, and where they can be reached, is looked up now: those events that are about it do not say.
Task<void> MailConsumer::tell_owner(Call call, events::Event event) {
  auto key = co_await fetch_subject_key(identity_, call, event.subject);
  if (is_gone(key)) co_return Done{};
  if (!key) co_return pass(key);
  const auto alert = alert_of(event, *key);
  if (!alert) co_return pass(alert);
  if (!*alert) co_return Done{};
  identity::v1::GetUserRequest owner;
  owner.set_user_id(event.subject);
  const auto user = co_await identity_.get_user(call, std::move(owner));
  if (is_gone(user)) co_return Done{};
  if (!user) co_return pass(user);
  identity::v1::ListIdentifiersRequest owned;
  owned.set_user_id(event.subject);
  const auto addresses = co_await identity_.list_identifiers(call, std::move(owned));
  if (is_gone(addresses)) co_return Done{};
  if (!addresses) co_return pass(addresses);

  event.key_id = event.subject;  // the letters are sealed, whether or not the event was
  const auto now = clock_.wall();
  std::vector<QueuedMail> mails;
  for (const auto& letter : letters_of(**alert, *user, *addresses, product_name_, event.occurred_at)) {
    auto id = event.event_id;
    if (!mails.empty()) id.append("-").append(std::to_string(mails.size() + 1));
    auto box = seal_letter(letter, *key, id, random_);
    mails.push_back(mail_about(event, std::move(id), (*alert)->which, std::move(box), now));
  }
  if (mails.empty()) co_return Done{};
  const auto dropped = co_await store_.enqueue_alert(call, event.event_id, std::move(mails), now);
  if (!dropped) co_return pass(dropped);
  for (const auto which : *dropped) count_dropped(which);
  co_return Done{};
}

void MailConsumer::count_dropped(Template which) {
  if (which != Template::decoy) dropped_.Increment();
}

}  // namespace gatehouse::notification
