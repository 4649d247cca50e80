// JSON answers for a person: a list of objects becomes a table, an object becomes lines. Pure; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace gatehouse::app {

[[nodiscard]] std::string to_table(const boost::json::object& answer);

}  // namespace gatehouse::app
