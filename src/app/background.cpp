#include "app/background.h"

#include "app/samples.h"
#include "drivers/sqlite/outbox.h"
#include "gateway/erasure.h"
#include "gateway/password_end.h"

namespace gatehouse::app {

Background::Background(Platform& platform, Shard& shard, Roles& roles)
    : platform_(platform),
      shard_(shard),
      roles_(roles),
      notification_parts_{*platform.databases.notification,
                          *platform.mail_sender,
                          *roles.identity,
                          platform.config.mail,
                          platform.clock,
                          platform.random,
                          platform.metrics},
      identity_events_(sqlite::make_event_log(*platform.databases.identity, events::topic_identity)),
      credential_events_(sqlite::make_event_log(*platform.databases.credential, events::topic_credential)),
      scope_(shard.executor()) {
  for (auto& remembered : make_consumer_stores(platform.databases)) {
    Consuming one{.remembered = std::move(remembered), .handler = nullptr, .consumer = nullptr};
    one.handler = make_handler(one.remembered.consumer);
    events::ConsumerOptions options{.name = one.remembered.consumer};
    auto& log = one.remembered.role == "credential" ? *credential_events_ : *identity_events_;
    one.consumer = std::make_unique<events::Consumer>(std::move(options), log, *one.remembered.store, *one.handler,
                                                      platform.clock, platform.random, platform.metrics);
    consuming_.push_back(std::move(one));
  }
}

Background::~Background() = default;

std::unique_ptr<events::Handler> Background::make_handler(std::string_view consumer) const {
  if (consumer == mail_consumer || consumer == password_mail_consumer) return notification::make_mail_consumer(notification_parts_);
  if (consumer == account_end_consumer)
    return gateway::make_account_end_consumer(*roles_.identity, *roles_.auth, *roles_.credential);
  if (consumer == password_end_consumer) return gateway::make_password_end_consumer(*roles_.identity, *roles_.auth);
  return account::make_profile_consumer(platform_.account_parts);
}

void Background::start() {
  for (auto& one : consuming_) one.consumer->start(shard_, scope_);
  scope_.spawn(notification::send_queued_mail(notification_parts_));
  scope_.spawn(auth::rotate_keys_on_schedule(*roles_.auth, platform_.auth_parts));
  scope_.spawn(identity::clean_up_challenges(platform_.identity_parts));
  scope_.spawn(account::drop_stale_marks(platform_.account_parts, *roles_.identity));
  scope_.spawn(auth::clean_up_on_schedule(platform_.auth_parts));
  scope_.spawn(sample_on_schedule(platform_));
  for (const auto& [role, database] : platform_.databases.all())
    scope_.spawn(sqlite::trim_on_schedule(*database, readers_of(role), platform_.clock));
  for (auto& job : jobs_) scope_.spawn(std::move(job));
  jobs_.clear();
}

std::vector<sqlite::OutboxReader> Background::readers_of(std::string_view role) const {
  std::vector<sqlite::OutboxReader> readers;
  for (const auto& one : consuming_)
    if (one.remembered.role == role) readers.push_back({one.remembered.store.get(), one.remembered.consumer});
  return readers;
}

std::vector<DeadLetterBox> Background::dead_letters() const {
  std::vector<DeadLetterBox> boxes;
  for (const auto& one : consuming_)
    boxes.push_back({one.remembered.consumer, one.remembered.store.get(), one.consumer.get()});
  return boxes;
}

}  // namespace gatehouse::app
