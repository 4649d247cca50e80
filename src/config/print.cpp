// The effective configuration, and the guide.
#include <fmt/format.h>

#include "config/load.h"
#include "config/value.h"

namespace gatehouse::config {

std::string print(const Loaded& loaded, std::span<const Key> keys) {
  std::string out;
  std::string_view section;
  for (const auto& key : keys) {
    if (key.section != section) out += fmt::format("{}{}:\n", section.empty() ? "" : "\n", section = key.section);
    const auto source = loaded.sources.find(key.path());
    const auto line = fmt::format("  {}: {}", key.name, value_text(key, loaded.config));
    out += fmt::format("{:<60} # {}\n", line, source == loaded.sources.end() ? "default" : source->second);
  }
  return out;
}

namespace {

std::string bounds(const Key& key) {
  if (!std::holds_alternative<std::uint32_t& (*)(Config&)>(key.field)) return {};
  return fmt::format(", {} to {}", key.least, key.most);
}

}  // namespace

std::string guide(std::span<const Key> keys) {
  std::string out =
      "# Configuration\n\n"
      "<!-- Written by `./dev docs` from src/config/schema.cpp; change it there. -->\n\n"
      "Nothing needs to be configured: `gatehouse serve` starts on the defaults below. What you set comes from, in "
      "this order, the last\n"
      "one winning: a YAML file (`gatehouse serve --config FILE`), the environment (`GATEHOUSE__SECTION__KEY`, lists "
      "separated by commas),\n"
      "and options of the command line. An unknown key or a value of the wrong kind stops the start with one sentence "
      "that says where it\n"
      "stands and what to write instead. `gatehouse config check` says whether a configuration is good, `gatehouse "
      "config print` shows\n"
      "the effective values and where each came from.\n\n"
      "Durations take a number in the unit of the key's name, or a text such as `500ms`, `30s`, `10m`, `24h`, `30d`. "
      "No key holds a secret:\n"
      "secrets stand in files of mode 0600, named by the keys that end in `_file`.\n\n"
      "```yaml\n# gatehouse.yaml\nserver:\n  public_address: 0.0.0.0:8080\n  allow_plaintext: true        # a TLS "
      "proxy stands in front\n"
      "  public_url: https://id.example.com\n  trusted_proxies: [10.0.0.0/8]\nstorage:\n  data_dir: "
      "/var/lib/gatehouse\n```\n";
  std::string_view section;
  Config defaults;
  for (const auto& key : keys) {
    if (key.section != section) {
      section = key.section;
      out += fmt::format("\n## {}\n\n| key | default | kind | what it is |\n|---|---|---|---|\n", section);
    }
    std::string kind(type_name(key));
    for (std::size_t at = 0; (at = kind.find('|', at)) != std::string::npos; at += 4) kind.replace(at, 1, " or ");
    out +=
        fmt::format("| `{}` | `{}` | {}{} | {} |\n", key.path(), value_text(key, defaults), kind, bounds(key), key.doc);
  }
  return out;
}

}  // namespace gatehouse::config
