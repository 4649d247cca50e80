#include "gateway/conditional.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace gatehouse::gateway {
namespace {

void skip_separators(std::string_view& rest) {
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t' || rest.front() == ',')) rest.remove_prefix(1);
}

struct Tag {
  std::string_view quoted;  // with its quotes
  bool is_weak = false;
};

// The next entity-tag of a list (RFC 9110 §8.8.3), or nothing when what stands there is none.
std::optional<Tag> take_tag(std::string_view& rest) {
  Tag tag;
  tag.is_weak = rest.starts_with("W/");
  if (tag.is_weak) rest.remove_prefix(2);
  if (!rest.starts_with('"')) return std::nullopt;
  const auto end = rest.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.quoted = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  if (!rest.empty() && rest.front() != ' ' && rest.front() != '\t' && rest.front() != ',') return std::nullopt;
  return tag;
}

std::optional<std::int64_t> version_of(std::string_view quoted) {
  if (!quoted.starts_with("\"v") || quoted.size() < 4) return std::nullopt;
  std::int64_t version = 0;
  const auto* end = quoted.data() + quoted.size() - 1;
  const auto parsed = std::from_chars(quoted.data() + 2, end, version);
  if (parsed.ec != std::errc{} || parsed.ptr != end || version < 0) return std::nullopt;
  return version;
}

}  // namespace

std::string etag_of_version(std::int64_t version) {
  char text[24] = "\"v";
  auto* end = std::to_chars(text + 2, text + sizeof text - 1, version).ptr;
  *end++ = '"';
  return {text, end};
}

std::string etag_of_content(std::string_view body) {
  const auto digest = crypto::sha256(body);
  return "\"" + to_base64url(as_view(digest).substr(0, 12)) + "\"";
}

bool has_current(const http::Request& request, std::string_view etag) {
  for (const auto& field : request.fields) {
    if (field.name != "if-none-match") continue;
    if (field.value == "*") return true;
    auto rest = field.value;
    for (skip_separators(rest); !rest.empty(); skip_separators(rest)) {
      const auto tag = take_tag(rest);
      if (!tag) break;  // what cannot be read matches nothing: the answer is sent whole
      if (tag->quoted == etag) return true;
    }
  }
  return false;
}

bool VersionCondition::holds_for(std::int64_t version) const {
  return is_any || std::ranges::find(versions, version) != versions.end();
}

Result<VersionCondition> version_condition(const http::Request& request) {
  VersionCondition condition;
  for (const auto& field : request.fields) {
    if (field.name != "if-match") continue;
    if (field.value == "*") continue;
    condition.is_any = false;
    auto rest = field.value;
    if (rest.empty()) return fail(Code::invalid_argument, "malformed_header", "If-Match cannot be read.");
    for (skip_separators(rest); !rest.empty(); skip_separators(rest)) {
      const auto tag = take_tag(rest);
      if (!tag) return fail(Code::invalid_argument, "malformed_header", "If-Match cannot be read.");
      const auto version = version_of(tag->quoted);
      if (version && !tag->is_weak) condition.versions.push_back(*version);
    }
  }
  return condition;
}

std::unexpected<Error> version_mismatch() {
  return fail(Code::failed_precondition, "version_mismatch", "It has changed since you read it. Get it again.");
}

}  // namespace gatehouse::gateway
