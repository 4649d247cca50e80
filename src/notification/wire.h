// Notification put together: the consumer that queues mail, and the loop that sends it. It has no door: nobody asks it
// for anything. Called by app/process.cpp and by tests.
#pragma once

#include <memory>
#include <span>

#include "config/config.h"
#include "drivers/mail/sender.h"
#include "drivers/sqlite/database.h"
#include "events/consumer.h"
#include "identity/api.h"
#include "telemetry/metrics.h"

namespace gatehouse::notification {

// The migrations of the file that Parts::database is opened with.
[[nodiscard]] std::span<const sqlite::Migration> sqlite_migrations();

// `identity` is the door of the shard that the consumer and the loop run on.
struct Parts {
  sqlite::Database& database;
  mail::Sender& sender;
  identity::Api& identity;
  const config::Mail& config;
  const Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

// Consumers `notification.mail` of the topic gatehouse.identity and `notification.password_mail` of gatehouse.credential;
// their store is Parts::database.
[[nodiscard]] std::unique_ptr<events::Handler> make_mail_consumer(const Parts& parts);

// Sends what is queued, and tells mail.sent and mail.failed in the outbox of Parts::database, until cancelled. Woken
// by the consumer's commits. For one Scope of one shard; what Parts refers to outlives it.
[[nodiscard]] Async<void> send_queued_mail(const Parts& parts);

}  // namespace gatehouse::notification
