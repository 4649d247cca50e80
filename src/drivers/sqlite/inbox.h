// The consumer's side in its own database: offsets, inbox, parked and dead events (events/consumer.h says what
// they mean). claim_event() runs inside the handler's own write job, so that effect and memory of it are one.
#pragma once

#include <memory>

#include "drivers/sqlite/database.h"
#include "events/consumer.h"

namespace gatehouse::sqlite {

// True the first time `consumer` claims `event_id`; false when its effect is there already.
[[nodiscard]] Result<bool> claim_event(Connection& connection, std::string_view consumer, std::string_view event_id);

[[nodiscard]] std::unique_ptr<events::DeliveryStore> make_delivery_store(Database& database);

}  // namespace gatehouse::sqlite
