// MailConsumer: turns events of identity and of credential into queued mail. On one shard; the consumer of events/consumer.h calls it.
#pragma once

#include <prometheus/counter.h>

#include <string>

#include "base/secret.h"
#include "events/consumer.h"
#include "identity/api.h"
#include "notification/store.h"
#include "telemetry/metrics.h"

namespace gatehouse::notification {

class MailConsumer final : public events::Handler {
 public:
  struct Needs {
    MailStore& store;
    identity::Api& identity;
    const std::string& product_name;
    const Clock& clock;
    Random& random;
    telemetry::Metrics& metrics;
  };
  explicit MailConsumer(const Needs& needs);

  // Events that ask for no mail, and those about people who have been erased, are taken and passed over.
  Task<void> handle(Call call, events::Event event) override;

 private:
  Task<void> tell_owner(Call call, events::Event event);
  void count_dropped(Template which);

  MailStore& store_;
  identity::Api& identity_;
  const std::string product_name_;
  const Clock& clock_;
  Random& random_;
  prometheus::Counter& dropped_;
};

// The key that one subject's data is sealed under. NOT_FOUND erased.
[[nodiscard]] Task<SecretKey> fetch_subject_key(identity::Api& identity, Call call, std::string key_id);

}  // namespace gatehouse::notification
