// The version of this program, set by the build from CMakeLists.txt.
#pragma once

#include <string_view>

namespace gatehouse::app {

#ifndef GATEHOUSE_VERSION
#define GATEHOUSE_VERSION "0.0.0"
#endif
inline constexpr std::string_view version = GATEHOUSE_VERSION;

}  // namespace gatehouse::app
