// The schema: every key that can be set, with its type, bounds and doc line. What is not here does not exist; loading,
// checking, printing and the guide all walk this table. Pure data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace gatehouse::config {

// Where a key's value lives in Config; the alternative is the key's type.
using Field = std::variant<std::string& (*)(Config&), bool& (*)(Config&), std::uint32_t& (*)(Config&),
                           std::vector<std::string>& (*)(Config&)>;

enum class Format : std::uint8_t { any, address, url, origins, networks, one_of };

struct Key {
  std::string_view section, name;
  Field field;
  std::string_view doc;  // one sentence
  Format format = Format::any;
  std::uint32_t least = 0, most = UINT32_MAX;  // of a number
  std::string_view choices = {};               // of one_of: "a|b|c"
  bool is_secret = false;  // never printed; may also be given as <name>_file, the path of a file that holds it

  [[nodiscard]] std::string path() const { return std::string(section) + "." + std::string(name); }
};

[[nodiscard]] std::span<const Key> schema();

}  // namespace gatehouse::config
