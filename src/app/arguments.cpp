#include "app/arguments.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/edit_distance.h"

namespace gatehouse::app {
namespace {

std::unexpected<Error> misused(std::string message) { return fail(Code::invalid_argument, "usage", message); }

const Option* find_option(std::string_view name, std::span<const Option> options) {
  for (const auto& option : options)
    if (option.name == name) return &option;
  return nullptr;
}

std::unexpected<Error> unknown_option(std::string_view name, std::span<const Option> options) {
  std::vector<std::string_view> names;
  for (const auto& option : options) names.push_back(option.name);
  const auto near = nearest_of(name, names);
  return misused(
      fmt::format("there is no option {}{}", name, near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

}  // namespace

Result<Arguments> Arguments::parse(std::span<const std::string> words, std::span<const Option> options) {
  Arguments parsed;
  bool only_words = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    if (only_words || !word.starts_with("--")) {
      parsed.words_.push_back(word);
      continue;
    }
    if (word == "--") {
      only_words = true;
      continue;
    }
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* option = find_option(name, options);
    if (!option) return unknown_option(name, options);
    const bool has_value = equals != std::string::npos;
    if (option->value.empty() && has_value) return misused(fmt::format("{} takes no value", name));
    if (!option->value.empty() && !has_value && i + 1 == words.size())
      return misused(fmt::format("{} needs a value: {} {}", name, name, option->value));
    if (parsed.options_.contains(name)) return misused(fmt::format("{} is given twice", name));
    parsed.options_[name] = has_value ? word.substr(equals + 1) : option->value.empty() ? std::string{} : words[++i];
  }
  return parsed;
}

std::string Arguments::value(std::string_view name, std::string_view fallback) const {
  const auto found = options_.find(name);
  return found == options_.end() ? std::string(fallback) : found->second;
}

std::string_view nearest_of(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto candidate : candidates) {
    const auto edits = edit_distance(word.substr(0, 100), candidate);
    if (edits >= least) continue;
    least = edits;
    best = candidate;
  }
  return best;
}

}  // namespace gatehouse::app
