#include "notification/dispatcher.h"

#include <algorithm>
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

constexpr Milliseconds measure_every{1'000};

}  // namespace

Dispatcher::Dispatcher(const Needs& needs)
    : needs_(needs),
      queued_(needs.metrics.gauge("gatehouse_mail_queued", "Mails that wait to be sent.")),
      oldest_(needs.metrics.gauge("gatehouse_mail_oldest_seconds", "Age of the oldest mail that waits.")) {
  for (const auto which : templates)
    counters_.emplace(which, make_counters(needs.metrics, which));
}

Dispatcher::Counters Dispatcher::make_counters(telemetry::Metrics& metrics, Template which) {
  const telemetry::Metrics::Labels labels{{"template", std::string(name_of(which))}};
  return {.sent = &metrics.counter("gatehouse_mail_sent_total", "Mails that left.", labels),
          .failed_tries = &metrics.counter("gatehouse_mail_failed_tries_total", "Tries to send a mail that failed.", labels),
          .given_up = &metrics.counter("gatehouse_mail_failed_total", "Mails that were given up.", labels)};
}

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

Task<void> Dispatcher::measure() {
  const auto now = needs_.clock.steady();
  if (now - measured_at_ < measure_every) co_return Done();
  measured_at_ = now;
  const auto backlog = co_await needs_.store.backlog(Call());
  if (!backlog) co_return pass(backlog);
  queued_.Set(static_cast<double>(backlog->mails));
  const auto age = backlog->oldest ? needs_.clock.wall() - *backlog->oldest : Milliseconds{0};
  oldest_.Set(std::max(0.0, std::chrono::duration<double>(age).count()));
  co_return Done();
}

Task<bool> Dispatcher::send_next() {
  if (auto measured = co_await measure(); !measured) co_return pass(measured);
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
  counters(mail).sent->Increment();
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
  counters(mail).failed_tries->Increment();
  const auto after = after_failure(mail, why.code, needs_.clock.wall(), needs_.random);
  mail.attempts = after.attempts;
  if (after.is_given_up) co_return co_await give_up(std::move(mail), why.reason);
  co_return co_await needs_.store.try_later(call_for(mail), mail.id, after, why.reason);
}

Task<void> Dispatcher::give_up(QueuedMail mail, std::string why) {
  if (mail.which == Template::decoy) co_return co_await needs_.store.forget(call_for(mail), mail.id);
  counters(mail).given_up->Increment();
  log::error("a mail was given up",
             {{"mail_id", mail.id}, {"template", name_of(mail.which)}, {"reason", why}, {"correlation_id", mail.correlation_id}});
  auto told = mail_failed(mail, needs_.clock.wall(), needs_.random);
  co_return co_await needs_.store.finish_failed(call_for(mail), mail.id, std::move(why), std::move(told));
}

}  // namespace gatehouse::notification
