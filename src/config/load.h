// Loading: defaults, then the file, then the environment, then the command line; the last one wins. Whatever is not
// understood stops the start with one sentence that says where it stands and what to write instead.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "config/schema.h"

namespace gatehouse::config {

struct Inputs {
  std::optional<std::filesystem::path> file;
  std::vector<std::pair<std::string, std::string>> environment;  // all of it; only GATEHOUSE_… is looked at
  std::vector<std::pair<std::string, std::string>> options;      // "storage.data_dir" → value, from the command line
};

struct Loaded {
  Config config;
  std::map<std::string, std::string> sources;  // key path → "gatehouse.yaml:3", "GATEHOUSE__…"; absent: the default
};

// INVALID_ARGUMENT config_invalid, NOT_FOUND config_unreadable. The message is one sentence for a person.
[[nodiscard]] Result<Loaded> load(const Inputs& inputs, std::span<const Key> keys = schema());

// The parts of load(), for tests and the fuzzer.
[[nodiscard]] Done apply_yaml(std::string_view text, std::string_view file, std::span<const Key> keys, Loaded& loaded);
[[nodiscard]] Done apply_environment(const std::vector<std::pair<std::string, std::string>>& environment,
                                     std::span<const Key> keys, Loaded& loaded);
// What no key can know alone.
[[nodiscard]] Done check(const Config& config);

// The effective values as YAML, each with where it came from; secrets masked.
[[nodiscard]] std::string print(const Loaded& loaded, std::span<const Key> keys = schema());
// docs/guides/configuration.md
[[nodiscard]] std::string guide(std::span<const Key> keys = schema());

}  // namespace gatehouse::config
