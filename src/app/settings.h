// The configuration of a command: its --config file, the environment, and the options that stand for a key. Main
// thread.
#pragma once

#include "app/arguments.h"
#include "config/load.h"

namespace gatehouse::app {

// Errors of config::load.
[[nodiscard]] Result<config::Loaded> load_settings(const Arguments& arguments);

}  // namespace gatehouse::app
