// What goes with a password that has been replaced: the sessions that it opened, and recovery codes mailed while it
// held. The call that replaces it does this at once; the consumer does it again, so that a crash in between leaves
// nothing alive.
#pragma once

#include <memory>
#include <string>

#include "auth/api.h"
#include "events/consumer.h"
#include "identity/api.h"

namespace gatehouse::gateway {

// All sessions but `kept_session_id` (empty: none is kept), and those that logins under way are about to open.
Task<void> end_password(identity::Api& identity, auth::Api& auth, Call call, std::string user_id,
                        std::string kept_session_id);

// Consumer `gateway.password_end` of gatehouse.credential. The Apis are those of the consumer's shard.
[[nodiscard]] std::unique_ptr<events::Handler> make_password_end_consumer(identity::Api& identity, auth::Api& auth);

}  // namespace gatehouse::gateway
