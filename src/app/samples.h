// Samples: what pools and databases say of themselves, put where GET /metrics shows it, every few seconds.
#pragma once

#include "app/platform.h"

namespace gatehouse::app {

// Ends when cancelled. `platform` outlives it.
Async<void> sample_on_schedule(Platform& platform);

}  // namespace gatehouse::app
