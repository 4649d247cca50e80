// The outbox of a role's own database and the EventLog that reads it. append_event() runs inside the role's write
// job: one insert, no extra round trip. Database::open creates the tables of outbox and inbox in every database.
#pragma once

#include <memory>

#include "drivers/sqlite/database.h"
#include "events/log.h"

namespace gatehouse::sqlite {

// Stamps `event.subject_version` with the subject's next number and appends. The event has everything else set.
[[nodiscard]] Done append_event(Connection& connection, events::Event event);

[[nodiscard]] std::unique_ptr<events::EventLog> make_event_log(Database& database, std::string_view topic);

}  // namespace gatehouse::sqlite
