// Tells the supervisor (systemd, sd_notify(3)) how far we are; does nothing when there is none. Any thread.
#pragma once

#include <string_view>

namespace gatehouse::app {

void notify_supervisor(std::string_view state);

}  // namespace gatehouse::app
