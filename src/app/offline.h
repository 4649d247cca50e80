// One operator command on a data folder that nobody serves: opens it, answers, closes it. Main thread; blocks.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "app/data_folder.h"
#include "base/error.h"
#include "config/config.h"

namespace gatehouse::app {

[[nodiscard]] Result<std::string> ask_offline(const config::Config& config, DataFolder folder, std::string command,
                                              boost::json::object arguments);

}  // namespace gatehouse::app
