#include "http/field_rules.h"

#include <algorithm>
#include <cstring>

namespace gatehouse::http {
namespace {

constexpr std::array<char, 256> make_token_lower() {
  std::array<char, 256> table{};
  for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = static_cast<char>(c + ('a' - 'A'));
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = c;
  return table;
}

struct FieldRule {
  std::string_view name;
  FieldKind kind;
};

// In order of length: `rules_by_length` finds the few of one length.
constexpr std::array rules{
    FieldRule{"date", FieldKind::once},
    FieldRule{"from", FieldKind::once},
    FieldRule{"host", FieldKind::host},
    FieldRule{"range", FieldKind::once},
    FieldRule{"expect", FieldKind::expect},
    FieldRule{"origin", FieldKind::once},
    FieldRule{"referer", FieldKind::once},
    FieldRule{"if-match", FieldKind::once},
    FieldRule{"if-range", FieldKind::once},
    FieldRule{"x-user-id", FieldKind::once},
    FieldRule{"connection", FieldKind::connection},
    FieldRule{"user-agent", FieldKind::once},
    FieldRule{"traceparent", FieldKind::once},
    FieldRule{"content-type", FieldKind::once},
    FieldRule{"max-forwards", FieldKind::once},
    FieldRule{"x-request-id", FieldKind::once},
    FieldRule{"x-session-id", FieldKind::once},
    FieldRule{"authorization", FieldKind::once},
    FieldRule{"if-none-match", FieldKind::once},
    FieldRule{"x-http-method", FieldKind::method_override},
    FieldRule{"content-length", FieldKind::content_length},
    FieldRule{"x-service-auth", FieldKind::once},
    FieldRule{"idempotency-key", FieldKind::once},
    FieldRule{"content-encoding", FieldKind::once},
    FieldRule{"x-correlation-id", FieldKind::once},
    FieldRule{"if-modified-since", FieldKind::once},
    FieldRule{"transfer-encoding", FieldKind::transfer_encoding},
    FieldRule{"x-method-override", FieldKind::method_override},
    FieldRule{"if-unmodified-since", FieldKind::once},
    FieldRule{"proxy-authorization", FieldKind::once},
    FieldRule{"x-http-method-override", FieldKind::method_override},
};
static_assert(rules.size() <= 64, "one bit each");
static_assert(std::ranges::is_sorted(rules, {}, [](const FieldRule& rule) { return rule.name.size(); }));
constexpr std::size_t rule_name_bytes_max = rules.back().name.size();

constexpr auto make_rules_by_length() {
  std::array<std::uint8_t, rule_name_bytes_max + 2> first{};  // rules of length n: [first[n], first[n + 1])
  for (std::size_t length = 0; length < first.size(); ++length)
    first[length] = static_cast<std::uint8_t>(
        std::ranges::count_if(rules, [length](const FieldRule& rule) { return rule.name.size() < length; }));
  return first;
}
constexpr auto rules_by_length = make_rules_by_length();

constexpr std::array<std::string_view, 11> asserted_fields{
    "x-user-id",    "x-session-id", "x-roles",       "x-permissions", "x-scopes",    "x-service-auth",
    "x-correlation-id", "x-request-id", "traceparent", "x-real-ip",   "forwarded"};
constexpr std::array<std::string_view, 2> asserted_prefixes{"x-forwarded-", "x-internal-"};
constexpr std::array<std::string_view, 10> framing_fields{
    "host",    "content-length",      "transfer-encoding", "connection", "authorization", "cookie",
    "expect",  "proxy-authorization", "content-type",      "te"};

bool is_guarded(std::string_view name) {
  return is_asserted_field(name) || std::ranges::find(framing_fields, name) != framing_fields.end();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_valid_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_digit)) return false;
  int number = 0;
  for (const char c : port) number = number * 10 + (c - '0');
  return number <= 65535;
}

}  // namespace

constinit const std::array<char, 256> token_lower = make_token_lower();

FieldClass classify_field(std::string_view name) {
  if (name.size() > rule_name_bytes_max) return {};
  for (std::size_t i = rules_by_length[name.size()]; i < rules_by_length[name.size() + 1]; ++i) {
    if (std::memcmp(name.data(), rules[i].name.data(), name.size()) != 0) continue;
    const bool may_repeat = rules[i].kind == FieldKind::connection;
    return {rules[i].kind, may_repeat ? 0 : std::uint64_t{1} << i};
  }
  return {};
}

bool is_asserted_field(std::string_view name) {
  const auto starts_name = [name](std::string_view prefix) { return name.starts_with(prefix); };
  return std::ranges::find(asserted_fields, name) != asserted_fields.end() ||
         std::ranges::any_of(asserted_prefixes, starts_name);
}

bool is_alias_of_guarded_field(std::string_view name) {
  constexpr std::size_t longest = 64;  // a longer name is compared by its beginning: prefixes are all that can match
  char dashed[longest];
  const std::size_t size = std::min(name.size(), longest);
  bool is_spelled_differently = false;
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_plain = is_alnum(name[i]) || name[i] == '-';
    is_spelled_differently |= !is_plain;
    dashed[i] = is_plain ? name[i] : '-';
  }
  return is_spelled_differently && is_guarded({dashed, size});
}

bool is_valid_host(std::string_view value) {
  if (value.empty() || value.size() > 255 + 6) return false;
  std::string_view name = value;
  if (value.front() == '[') {
    const auto close = value.find(']');
    if (close == std::string_view::npos || close < 3) return false;
    name = value.substr(1, close - 1);
    const auto is_address_char = [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    };
    if (!std::ranges::all_of(name, is_address_char) || name.find(':') == std::string_view::npos) return false;
    const auto rest = value.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_valid_port(rest.substr(1)));
  }
  if (const auto colon = value.find(':'); colon != std::string_view::npos) {
    if (!is_valid_port(value.substr(colon + 1))) return false;
    name = value.substr(0, colon);
  }
  const auto is_name_char = [](char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_'; };
  return !name.empty() && name.front() != '.' && std::ranges::all_of(name, is_name_char);
}

bool is_valid_field_value(std::string_view value) {
  unsigned bad = 0;
  for (const char each : value) {  // no branch inside: the compiler vectorises it
    const auto c = static_cast<unsigned char>(each);
    bad |= static_cast<unsigned>((c < 0x20) & (c != '\t')) | static_cast<unsigned>(c == 0x7f);
  }
  return bad == 0;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool list_contains(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (equal_ignoring_case(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace gatehouse::http
