// Whoever is about to be disabled or deleted is marked inactive first, in this role, and then changed in identity. A crash
// in between leaves a mark that nothing takes away: here it is, once the change can no longer be under way.
#pragma once

#include "account/store.h"
#include "identity/api.h"

namespace gatehouse::account {

// Takes away the marks of admins made before `marked_before` whom identity calls active.
Task<void> drop_stale_marks_once(Store& store, identity::Api& identity, WallTime marked_before, WallTime now);

}  // namespace gatehouse::account
