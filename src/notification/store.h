// What notification asks of its storage, and of the means that mail leaves by.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "notification/mail.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::notification {

struct Backlog {
  std::int64_t mails = 0;
  std::optional<WallTime> oldest;
};

class MailStore {
 public:
  virtual ~MailStore() = default;

  // Remembers that the event was taken and queues its mail, in one transaction; nothing when it was taken before. A
  // full queue drops one, and says which: a decoy if there is any, else the newest of the origin that has most.
  virtual Task<std::optional<Template>> enqueue(Call call, QueuedMail mail) = 0;
  // The same of the mails of one alert, one or more. Nothing is queued either when their subject has been told of
  // `alerts_per_hour_max` others within the hour before `now`.
  virtual Task<std::vector<Template>> enqueue_alert(Call call, std::string event_id, std::vector<QueuedMail> mails,
                                                    WallTime now) = 0;
  // The mail to send now: codes first, then one of each origin in turn, so that nobody's many hold up anybody's few.
  virtual Task<std::optional<QueuedMail>> find_due(Call call, WallTime now) = 0;
  // How long until there is one; nothing when none is queued.
  virtual Task<std::optional<Milliseconds>> until_due(Call call, WallTime now) = 0;
  // How many wait, and since when the first of them.
  virtual Task<Backlog> backlog(Call call) = 0;
  // The mail is over: it and what it said leave the queue, and the event is told, in one transaction, once.
  virtual Task<void> finish_sent(Call call, std::string id, events::Event told) = 0;
  virtual Task<void> finish_failed(Call call, std::string id, std::string why, events::Event told) = 0;
  virtual Task<void> try_later(Call call, std::string id, AfterFailure after, std::string why) = 0;
  // The person it was for has been erased: no trace.
  virtual Task<void> forget(Call call, std::string id) = 0;
  virtual Task<void> forget_failed(Call call, WallTime created_before) = 0;
  // `wake` is called on any thread soon after a mail was queued. Register while wiring.
  virtual void on_enqueue(std::function<void()> wake) = 0;
};

class Outgoing {
 public:
  virtual ~Outgoing() = default;
  // `id` and `date` are the same at every try of one mail. INVALID_ARGUMENT: no try will ever succeed.
  virtual Task<void> send(Call call, Letter letter, std::string id, WallTime date) = 0;
};

}  // namespace gatehouse::notification
