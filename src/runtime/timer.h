// Waiting on a shard's loop. Real time lives only here and in base/clock: everything above takes a
// Clock for deciding and sleep_for() for waiting.
#pragma once

#include "base/clock.h"
#include "runtime/task.h"

namespace gatehouse {

// Suspends the current task for `duration`. False when cancelled before it was over.
Async<bool> sleep_for(Milliseconds duration);

}  // namespace gatehouse
