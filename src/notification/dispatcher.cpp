#include "notification/dispatcher.h"

#include <boost/asio/this_coro.hpp>

#include "notification/events.h"
#include "notification/mail_consumer.h"
#include "notification/sealed.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::notification {
namespace {

constexpr Milliseconds send_timeout{30'000};
constexpr Milliseconds pause_after_store_failure{1'000};
constexpr Milliseconds rest_max{5'000};  // backstop when a wake-up was missed
constexpr Milliseconds clean_every = std::chrono::hours{1};
constexpr Milliseconds failed_kept = std::chrono::hours{24 * 30};

}  // namespace

Async<void> Dispatcher::run() {
  co_await events::stop_by_asking();
  const auto executor = co_await asio::this_coro::executor;
  const auto wake = std::make_shared<events::Wake>(executor);
  needs_.store.on_enqueue([weak = std::weak_ptr(wake)] {
    if (const auto alive = weak.lock()) alive->notify();
  });
  while (!co_await events::is_asked_to_stop()) {
    auto sent = co_await send_next();
    if (sent && *sent) continue;
    auto pause = pause_after_store_failure;
    if (sent) {
      auto until = co_await rest();
      if (until) pause = *until;
    }
    if (co_await events::is_asked_to_stop()) break;
    if (sent)
      co_await wake->wait(pause);
    else
      co_await sleep_for(pause);
  }
}

// Nothing to send: clean up now and then, and say how long to wait.
Task<Milliseconds> Dispatcher::rest() {
  const auto now = needs_.clock.steady();
  if (now - cleaned_at_ > clean_every) {
    cleaned_at_ = now;
    auto cleaned = co_await needs_.store.forget_failed(Call(), needs_.clock.wall() - failed_kept);
    if (!cleaned) co_return pass(cleaned);
  }
  auto until = co_await needs_.store.until_due(Call(), needs_.clock.wall());
  if (!until) co_return pass(until);
  co_return std::clamp(until->value_or(rest_max), Milliseconds{1}, rest_max);
}

Task<bool> Dispatcher::send_next() {
  auto due = co_await needs_.store.find_due(Call(), needs_.clock.wall());
  if (!due) {
    log::failure("the mail queue cannot be read", Call(), due.error());
    co_return pass(due);
  }
  if (!*due) co_return false;
  auto sent = co_await send(std::move(**due));
  if (!sent) {
    log::failure("what became of a mail cannot be noted", Call(), sent.error());
    co_return pass(sent);
  }
  co_return true;
}

Call Dispatcher::call_for(const QueuedMail& mail) const {
  Call call{.deadline = needs_.clock.steady() + send_timeout};
  call.correlation_id = std::string_view(mail.correlation_id);
  return call;
}

// The error is the store's: what became of the mail is in the store.
Task<void> Dispatcher::send(QueuedMail mail) {
  std::string too_late = "expired";
  if (is_too_late(mail, needs_.clock.wall())) co_return co_await give_up(std::move(mail), std::move(too_late));
  auto delivered = co_await deliver(mail);
  if (!delivered && delivered.error().reason == "erased") co_return co_await needs_.store.forget(call_for(mail), mail.id);
  if (!delivered) co_return co_await settle(std::move(mail), std::move(delivered).error());
  if (mail.which == Template::decoy) co_return co_await needs_.store.forget(call_for(mail), mail.id);
  count("gatehouse_mail_sent_total", "Mails that left.", mail);
  auto told = mail_sent(mail, needs_.clock.wall(), needs_.random);
  co_return co_await needs_.store.finish_sent(call_for(mail), mail.id, std::move(told));
}

Task<void> Dispatcher::deliver(const QueuedMail& mail) {
  const auto call = call_for(mail);
  auto key = co_await fetch_subject_key(needs_.identity, call, mail.key_id);
  if (!key && key.error().code == Code::not_found) co_return fail(Code::not_found, "erased", "The person is gone.");
  if (!key) co_return pass(key);
  auto letter = open_letter(mail.box, *key, mail.id);
  if (!letter) co_return pass(letter);
  letter->is_delivered = mail.which != Template::decoy;
  co_return co_await needs_.outgoing.send(call, std::move(*letter), mail.id, mail.created_at);
}

Task<void> Dispatcher::settle(QueuedMail mail, Error why) {
  log::failure("a mail could not be sent", call_for(mail), why);
  const auto after = after_failure(mail, why.code, needs_.clock.wall(), needs_.random);
  mail.attempts = after.attempts;
  if (after.is_given_up) co_return co_await give_up(std::move(mail), why.reason);
  co_return co_await needs_.store.try_later(call_for(mail), mail.id, after, why.reason);
}

Task<void> Dispatcher::give_up(QueuedMail mail, std::string why) {
  if (mail.which == Template::decoy) co_return co_await needs_.store.forget(call_for(mail), mail.id);
  count("gatehouse_mail_failed_total", "Mails that were given up.", mail);
  log::error("a mail was given up",
             {{"mail_id", mail.id}, {"template", name_of(mail.which)}, {"reason", why}, {"correlation_id", mail.correlation_id}});
  auto told = mail_failed(mail, needs_.clock.wall(), needs_.random);
  co_return co_await needs_.store.finish_failed(call_for(mail), mail.id, std::move(why), std::move(told));
}

void Dispatcher::count(const char* name, const char* help, const QueuedMail& mail) {
  needs_.metrics.counter(name, help, {{"template", std::string(name_of(mail.which))}}).Increment();
}

}  // namespace gatehouse::notification
