// EventLog: a topic as its consumers see it, read by offset. Embedded it is a role's outbox table; with Kafka
// it will be the topic. Offsets grow in commit order; an offset once read never changes.
#pragma once

#include <functional>
#include <vector>

#include "events/event.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::events {

struct LoggedEvent {
  std::int64_t offset = 0;
  Event event;
};

// Where a consumer stands: the last event that it read. Offset 0: none yet.
struct Position {
  std::int64_t offset = 0;
  std::string event_id;
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  [[nodiscard]] virtual std::string_view topic() const = 0;
  // Up to `limit` events with offset > `after`, in order.
  virtual Task<std::vector<LoggedEvent>> read(Call call, std::int64_t after, int limit) = 0;
  // Whether the log has that very event at that offset. A log that was put back from a backup uses offsets again.
  virtual Task<bool> holds(Call call, Position position) = 0;
  // Called (on any thread) soon after something has been appended. Register while wiring.
  virtual void on_append(std::function<void()> wake) = 0;
};

}  // namespace gatehouse::events
