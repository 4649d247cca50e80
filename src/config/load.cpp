#include "config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/edit_distance.h"
#include "config/value.h"
#include "config/yaml.h"

namespace gatehouse::config {
namespace {

constexpr std::string_view prefix = "GATEHOUSE__";

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, "config_invalid", message); }

std::string nearest(std::string_view path, std::span<const Key> keys) {
  std::string best;
  std::size_t least = SIZE_MAX;
  const auto short_path = path.substr(0, 100);
  for (const auto& key : keys) {
    const auto candidate = key.path();
    const auto edits = edit_distance(short_path, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return out;
}

struct Found {
  const Key* key = nullptr;
  bool is_file = false;  // named as <secret>_file
};

Found find_key(std::string_view section, std::string_view name, std::span<const Key> keys) {
  for (const auto& key : keys) {
    if (key.section != section) continue;
    if (key.name == name) return {&key, false};
    if (key.is_secret && name.ends_with("_file") && key.name == name.substr(0, name.size() - 5)) return {&key, true};
  }
  return {};
}

// Of what stands where only sections do, and has a value: server.shards: 1, or shards: 1.
std::string why_outside(std::string_view name, std::span<const Key> keys) {
  const Key* best = nullptr;
  std::size_t least = SIZE_MAX, least_of_sections = SIZE_MAX;
  std::string_view section;
  const auto short_name = name.substr(0, 100);
  for (const auto& key : keys) {
    const auto to_section = edit_distance(short_name, key.section);
    if (to_section < least_of_sections) least_of_sections = to_section, section = key.section;
    const auto to_key = std::min(edit_distance(short_name, key.name), edit_distance(short_name, key.path()));
    if (to_key < least) least = to_key, best = &key;
  }
  if (least_of_sections == 0) return fmt::format("`{}` is a section: its keys stand below it, indented", name);
  if (least_of_sections < least)
    return fmt::format("\"{}\" is no section; did you mean \"{}:\", with its keys below it, indented?", printable(name), section);
  return fmt::format(
      "\"{}\" is no section; {} \"{}:\" with \"  {}: …\" on a line below it, indented with spaces",
      printable(name), least == 0 ? "write" : "did you mean", best->section, best->name);
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return fail(Code::not_found, "config_unreadable", fmt::format("{} is a folder, not a file", path.string()));
  std::ifstream stream(path, std::ios::binary);
  const int why = errno;
  if (!stream)
    return fail(Code::not_found, "config_unreadable", fmt::format("cannot read {}: {}", path.string(), std::strerror(why)));
  std::string text(yaml_bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

// Sets `section.name`, said at `place`, which every error begins with.
Done set(std::string_view section, std::string_view name, std::vector<std::string> words, std::string_view place,
         std::span<const Key> keys, Loaded& loaded) {
  const auto path = printable(fmt::format("{}.{}", section, name));
  const auto found = find_key(section, name, keys);
  if (!found.key)
    return wrong(fmt::format("{}: unknown key \"{}\"; did you mean \"{}\"?", place, path, nearest(path, keys)));
  std::string source(place);
  if (found.is_file) {
    if (words.size() != 1) return wrong(fmt::format("{}: \"{}\" must be one path", place, path));
    auto secret = read_file(words[0]);
    if (!secret) return wrong(fmt::format("{}: \"{}\": {}", place, path, secret.error().message));
    while (secret->ends_with('\n') || secret->ends_with('\r')) secret->pop_back();
    source += " → " + words[0];
    words = {*std::move(secret)};
  }
  if (auto done = set_value(*found.key, words, loaded.config); !done)
    return wrong(fmt::format("{}: \"{}\" {}", place, path, done.error().message));
  loaded.sources[found.key->path()] = source;
  return {};
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto comma = text.find(',');
    auto word = text.substr(0, comma);
    word.remove_prefix(std::min(word.find_first_not_of(' '), word.size()));
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) words.emplace_back(word);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return words;
}

bool is_list(const Key* key) {
  return key && std::holds_alternative<std::vector<std::string>& (*)(Config&)>(key->field);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string with_single_underscores(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '_' || !out.ends_with('_')) out += c;
  return out;
}

// A variable that is meant for us and lacks an underscore. What else begins with GATEHOUSE_ is somebody else's: an
// orchestrator puts GATEHOUSE_SERVICE_HOST there.
Done refuse_near_miss(std::string_view variable, std::span<const Key> keys) {
  constexpr std::string_view half_prefix = "GATEHOUSE_";
  if (!variable.starts_with(half_prefix)) return {};
  const auto rest = lower(variable.substr(half_prefix.size()));
  const auto plain = with_single_underscores(rest);
  std::string meant;
  for (const auto& key : keys)
    if (plain == fmt::format("{}_{}", key.section, key.name)) meant = fmt::format("{}__{}", key.section, key.name);
  if (meant.empty() && rest.find("__") == std::string::npos) return {};
  std::ranges::transform(meant, meant.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return wrong(fmt::format("environment variable {} is not understood: write {}{}", printable(variable), prefix,
                           meant.empty() ? "SECTION__KEY" : meant));
}

}  // namespace

Done apply_yaml(std::string_view text, std::string_view file, std::span<const Key> keys, Loaded& loaded) {
  auto entries = read_yaml(text, file);
  if (!entries) return pass(entries);
  for (auto& entry : *entries) {
    const auto place = fmt::format("{}:{}:{}", file, entry.line, entry.column);
    if (entry.name.empty()) return wrong(fmt::format("{}: {}", place, why_outside(entry.section, keys)));
    const auto* key = find_key(entry.section, entry.name, keys).key;
    if (key && is_list(key) != entry.is_list)
      return wrong(fmt::format("{}: \"{}\" must be {}", place, key->path(),
                               entry.is_list ? "one value, not a list" : "a list, such as [a, b]"));
    if (auto done = set(entry.section, entry.name, std::move(entry.words), place, keys, loaded); !done) return done;
  }
  return {};
}

Done apply_environment(const std::vector<std::pair<std::string, std::string>>& environment, std::span<const Key> keys,
                       Loaded& loaded) {
  for (const auto& [variable, value] : environment) {
    if (!variable.starts_with(prefix)) {
      if (auto refused = refuse_near_miss(variable, keys); !refused) return refused;
      continue;
    }
    const auto path = lower(std::string_view(variable).substr(prefix.size()));
    const auto middle = path.find("__");
    const auto section = path.substr(0, middle);
    const auto name = middle == std::string::npos ? std::string{} : path.substr(middle + 2);
    auto words = is_list(find_key(section, name, keys).key) ? split_list(value) : std::vector<std::string>{value};
    if (auto done = set(section, name, std::move(words), "environment variable " + printable(variable), keys, loaded);
        !done)
      return done;
  }
  return {};
}

Result<Loaded> load(const Inputs& inputs, std::span<const Key> keys) {
  Loaded loaded;
  if (inputs.file) {
    const auto text = read_file(*inputs.file);
    if (!text) return pass(text);
    if (auto done = apply_yaml(*text, inputs.file->string(), keys, loaded); !done) return pass(done);
  }
  if (auto done = apply_environment(inputs.environment, keys, loaded); !done) return pass(done);
  for (const auto& [path, value] : inputs.options) {
    const auto dot = path.find('.');
    if (auto done = set(path.substr(0, dot), path.substr(dot + 1), {value}, "command line", keys, loaded); !done)
      return pass(done);
  }
  if (auto done = check(loaded.config); !done) return pass(done);
  return loaded;
}

}  // namespace gatehouse::config
