// What a person at a terminal reads once Gatehouse is ready: where it is, where the data lives, what to try. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::app {

struct Ready {
  std::string public_address, admin_address, internal_address, data_folder;
  std::string program;  // the path of this binary
  std::int64_t took_ms = 0;
};

[[nodiscard]] std::string welcome_text(const Ready& ready);

}  // namespace gatehouse::app
