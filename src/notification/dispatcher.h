// Dispatcher: sends queued mail, one at a time, until cancelled. One task of one shard.
//
// A mail is sent, then taken off the queue; a crash in between sends it again under the same id and date, which the
// means of sending may recognise (a file is written over itself).
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <map>
#include <memory>

#include "events/wake.h"
#include "identity/api.h"
#include "notification/store.h"
#include "telemetry/metrics.h"

namespace gatehouse::notification {

class Dispatcher {
 public:
  struct Needs {
    MailStore& store;
    Outgoing& outgoing;
    identity::Api& identity;
    const Clock& clock;
    Random& random;
    telemetry::Metrics& metrics;
  };
  explicit Dispatcher(const Needs& needs);

  Async<void> run();
  // One mail, if one is due: false when none is.
  Task<bool> send_next();

 private:
  Task<void> send(QueuedMail mail);
  Task<void> deliver(const QueuedMail& mail);
  Task<void> settle(QueuedMail mail, Error why);
  Task<void> give_up(QueuedMail mail, std::string why);
  Task<Milliseconds> rest();
  Task<void> measure();
  [[nodiscard]] Call call_for(const QueuedMail& mail) const;

  // Of one template, so that an alarm finds each of them from the start.
  struct Counters {
    prometheus::Counter *sent, *failed_tries, *given_up;
  };
  static Counters make_counters(telemetry::Metrics& metrics, Template which);
  [[nodiscard]] const Counters& counters(const QueuedMail& mail) const { return counters_.at(mail.which); }

  Needs needs_;
  std::map<Template, Counters> counters_;
  prometheus::Gauge &queued_, &oldest_;
  SteadyTime cleaned_at_{}, measured_at_{};
};

}  // namespace gatehouse::notification
