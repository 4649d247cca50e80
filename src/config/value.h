// One value: from text into its field, and back into YAML. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/schema.h"

namespace gatehouse::config {

// Sets the key's field. A list key takes all words, any other exactly one. The error's message completes the
// sentence `"server.shards" …`: "must be a whole number from 0 to 256, not “many”".
[[nodiscard]] Done set_value(const Key& key, const std::vector<std::string>& words, Config& config);

// The value as YAML: 12, true, "text", ["a", "b"]. A secret that is set is shown as "(set)".
[[nodiscard]] std::string value_text(const Key& key, const Config& config);
[[nodiscard]] std::string_view type_name(const Key& key);

// An address to listen on, taken apart. Host is a literal IPv4 or IPv6 address without brackets, or a path.
struct Address {
  enum class Kind : std::uint8_t { ipv4, ipv6, unix_path };
  Kind kind = Kind::ipv4;
  std::string host;
  std::uint16_t port = 0;
  [[nodiscard]] bool is_loopback() const;
};
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

}  // namespace gatehouse::config
