#include "config/value.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace gatehouse::config {
namespace {

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, "config_invalid", message); }

std::string shown(std::string_view text) {  // what a person wrote, safe to print and not too long
  std::string out;
  for (const char c : text.substr(0, 80)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return "\"" + out + (text.size() > 80 ? "…\"" : "\"");
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  std::uint64_t ms;
};
constexpr Unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// Milliseconds of one unit of a duration key ("…_ms", "…_s", "…_days"); 0 when the key is no duration.
std::uint64_t unit_of(const Key& key) {
  if (key.name.ends_with("_ms")) return 1;
  if (key.name.ends_with("_s")) return 1000;
  if (key.name.ends_with("_days")) return 86'400'000;
  return 0;
}

// "30s" for a key in ms is 30000; a bare number is in the key's own unit.
std::optional<std::uint64_t> parse_quantity(const Key& key, std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos || unit_of(key) == 0) return parse_number(text);
  const auto value = parse_number(text.substr(0, digits));
  for (const auto& unit : units)
    if (value && text.substr(digits) == unit.name && *value < UINT64_MAX / unit.ms &&
        *value * unit.ms % unit_of(key) == 0)
      return *value * unit.ms / unit_of(key);
  return std::nullopt;
}

Done set_number(const Key& key, std::string_view text, std::uint32_t& field) {
  const auto value = parse_quantity(key, text);
  if (!value || *value < key.least || *value > key.most)
    return wrong(fmt::format("must be a whole number from {} to {}{}, not {}", key.least, key.most,
                             unit_of(key) != 0 ? " (or a duration such as 30s)" : "", shown(text)));
  field = static_cast<std::uint32_t>(*value);
  return {};
}

Done set_flag(std::string_view text, bool& field) {
  if (text != "true" && text != "false") return wrong("must be true or false, not " + shown(text));
  field = text == "true";
  return {};
}

// UTF-8 without C0, DEL and C1. yaml-cpp turns the escape \N into a lone 0x85, which is neither.
bool is_printable(std::string_view text) {
  if (!is_utf8(text)) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    const bool is_c1 = octet == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (octet < 0x20 || octet == 0x7f || is_c1) return false;
  }
  return true;
}

bool is_choice(std::string_view choices, std::string_view text) {
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    if (choices.substr(0, bar) == text) return true;
    choices = bar == std::string_view::npos ? std::string_view{} : choices.substr(bar + 1);
  }
  return false;
}

// scheme://host[:port] and nothing more
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (text.starts_with(scheme)) {
      const auto rest = text.substr(scheme.size());
      return !rest.empty() && rest.find_first_of("/?#@* \t\\\"") == std::string_view::npos;
    }
  return false;
}

Done check_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string host(text.substr(0, slash));
  unsigned char octets[16];
  const bool is_v4 = ::inet_pton(AF_INET, host.c_str(), octets) == 1;
  if (!is_v4 && ::inet_pton(AF_INET6, host.c_str(), octets) != 1)
    return wrong("must hold addresses or CIDR blocks such as 10.0.0.0/8, not " + shown(text));
  if (slash == std::string_view::npos) return {};
  const auto bits = parse_number(text.substr(slash + 1));
  if (!bits || *bits > (is_v4 ? 32U : 128U)) return wrong(shown(text) + " has no valid prefix length");
  if (*bits == 0) return wrong(shown(text) + " would believe everybody's x-forwarded-for: name your own proxies");
  return {};
}

Done check_text(const Key& key, std::string_view text) {
  if (key.format == Format::one_of && !is_choice(key.choices, text))
    return wrong(fmt::format("must be one of {}, not {}", key.choices, shown(text)));
  if (key.format == Format::address && !parse_address(text))
    return wrong("must be an address and port such as 127.0.0.1:8080 or [::1]:8080, or unix:/path, not " + shown(text));
  if (key.format == Format::url && !text.empty() && !is_origin(text))
    return wrong("must be a URL without a path, such as https://id.example.com, not " + shown(text));
  return {};
}

Done check_item(const Key& key, std::string_view item) {
  if (key.format == Format::networks) return check_network(item);
  if (key.format == Format::origins && !is_origin(item))
    return wrong("must hold exact origins such as https://app.example.com, not " + shown(item));
  return {};
}

std::string quoted(std::string_view text) {  // a double-quoted YAML scalar; the values hold no control characters
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

template <class T>
const T* value_at(const Key& key, const Config& config) {
  const auto* field = std::get_if<T& (*)(Config&)>(&key.field);
  return field ? &(*field)(const_cast<Config&>(config)) : nullptr;
}

}  // namespace

Done set_value(const Key& key, const std::vector<std::string>& words, Config& config) {
  if (!std::ranges::all_of(words, is_printable)) return wrong("must be text in UTF-8 without control characters");
  if (const auto* list = std::get_if<std::vector<std::string>& (*)(Config&)>(&key.field)) {
    for (const auto& word : words)
      if (auto good = check_item(key, word); !good) return good;
    (*list)(config) = words;
    return {};
  }
  if (words.size() != 1) return wrong("must be one value, not a list");
  if (const auto* number = std::get_if<std::uint32_t& (*)(Config&)>(&key.field))
    return set_number(key, words[0], (*number)(config));
  if (const auto* flag = std::get_if<bool& (*)(Config&)>(&key.field)) return set_flag(words[0], (*flag)(config));
  if (auto good = check_text(key, words[0]); !good) return good;
  std::get<std::string& (*)(Config&)>(key.field)(config) = words[0];
  return {};
}

std::string value_text(const Key& key, const Config& config) {
  if (const auto* number = value_at<std::uint32_t>(key, config)) return std::to_string(*number);
  if (const auto* flag = value_at<bool>(key, config)) return *flag ? "true" : "false";
  if (const auto* list = value_at<std::vector<std::string>>(key, config)) {
    std::string out = "[";
    for (const auto& item : *list) out += (out.size() > 1 ? ", " : "") + quoted(item);
    return out + "]";
  }
  const auto& text = *value_at<std::string>(key, config);
  return key.is_secret && !text.empty() ? "(set)" : quoted(text);
}

std::string_view type_name(const Key& key) {
  switch (key.field.index()) {
    case 0: return key.format == Format::one_of ? key.choices : key.format == Format::address ? "address" : "text";
    case 1: return "true or false";
    case 2: return "number";
    default: return "list";
  }
}

bool Address::is_loopback() const {
  return kind == Kind::unix_path || host == "::1" || (kind == Kind::ipv4 && host.starts_with("127."));
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    const auto path = text.substr(5);
    if (path.size() < 2 || path.size() > 107 || path[0] != '/') return std::nullopt;  // sun_path holds 108 with its NUL
    return Address{Address::Kind::unix_path, std::string(path), 0};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number(text.substr(colon + 1));
  if (!port || *port > 65'535) return std::nullopt;
  auto host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  const std::string literal(host);
  unsigned char octets[16];
  if (::inet_pton(has_brackets ? AF_INET6 : AF_INET, literal.c_str(), octets) != 1) return std::nullopt;
  return Address{has_brackets ? Address::Kind::ipv6 : Address::Kind::ipv4, literal, static_cast<std::uint16_t>(*port)};
}

}  // namespace gatehouse::config
