// The words and options of a command line, taken apart. Pure; any thread.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gatehouse::app {

struct Option {
  std::string_view name;   // "--config"
  std::string_view value;  // what the value is called in the help, "FILE"; empty: a flag without one
  std::string_view doc;
};

class Arguments {
 public:
  // `--name value`, `--name=value`, flags, and words; after `--` everything is a word.
  // INVALID_ARGUMENT usage: the message is one sentence for a person.
  [[nodiscard]] static Result<Arguments> parse(std::span<const std::string> words, std::span<const Option> options);

  [[nodiscard]] bool has(std::string_view name) const { return options_.contains(name); }
  [[nodiscard]] std::string value(std::string_view name, std::string_view fallback = {}) const;
  [[nodiscard]] const std::vector<std::string>& words() const { return words_; }

 private:
  std::vector<std::string> words_;
  std::map<std::string, std::string, std::less<>> options_;
};

// Of `candidates`, the one that `word` was probably meant to be; empty when none is near.
[[nodiscard]] std::string_view nearest_of(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gatehouse::app
