// A configuration file as a flat list of entries. The accepted YAML is small on purpose: one document, a map of
// sections, each a map of scalars or lists of scalars. Anchors, aliases, tags and deeper nesting are refused,
// duplicates too. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gatehouse::config {

inline constexpr std::size_t yaml_bytes_max = 256 * 1024;

struct Entry {
  std::string section, name;  // no name: the section has a value instead of keys
  std::vector<std::string> words;  // one for a scalar
  bool is_list = false;
  int line = 0, column = 0;  // of the key, from 1
};

// INVALID_ARGUMENT config_invalid; the message begins with `<file>:<line>:<column>: `.
[[nodiscard]] Result<std::vector<Entry>> read_yaml(std::string_view text, std::string_view file);

}  // namespace gatehouse::config
