// Erasure: what must go, in the other roles, when identity says that somebody is gone or may not act any more. The call
// that ends an account does it at once; the consumer does it again, so that a crash in between leaves nothing alive.
#pragma once

#include <memory>
#include <string>

#include "auth/api.h"
#include "credential/api.h"
#include "events/consumer.h"
#include "identity/api.h"

namespace gatehouse::gateway {

// Sessions and credentials of somebody who is deleted. Idempotent.
Task<void> end_account(auth::Api& auth, credential::Api& credential, Call call, std::string user_id);
// All sessions, with the `reason` that session.revoked tells.
Task<void> end_all_sessions(auth::Api& auth, Call call, std::string user_id, std::string_view reason);

// Consumer `gateway.account_end` of gatehouse.identity. The Apis are those of the consumer's shard.
[[nodiscard]] std::unique_ptr<events::Handler> make_account_end_consumer(identity::Api& identity, auth::Api& auth,
                                                                         credential::Api& credential);

}  // namespace gatehouse::gateway
