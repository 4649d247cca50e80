#include "gateway/request_body.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/value.hpp>

#include "base/id.h"
#include "gateway/id_text.h"
#include "gateway/routes.h"
#include "json/reader.h"

namespace gatehouse::gateway {
namespace {

constexpr std::size_t field_name_bytes_max = 64;  // of a name we do not know and send back

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

bool equal_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + 32) : a) == b; });
}

// application/json, with no parameter or charset=utf-8 (quoted or not).
bool is_json(std::string_view content_type) {
  const auto semicolon = content_type.find(';');
  if (!equal_ignoring_case(trimmed(content_type.substr(0, semicolon)), "application/json")) return false;
  if (semicolon == std::string_view::npos) return true;
  const auto parameter = trimmed(content_type.substr(semicolon + 1));
  return equal_ignoring_case(parameter, "charset=utf-8") || equal_ignoring_case(parameter, "charset=\"utf-8\"");
}

std::string invalid_code(std::string_view name) { return std::string(name).append("_invalid"); }

}  // namespace

Result<RequestBody> RequestBody::read(const Exchange& exchange) {
  const auto encoding = exchange.header("content-encoding");
  const bool is_plain = encoding.empty() || equal_ignoring_case(encoding, "identity");
  if (exchange.request->count("content-type") != 1 || !is_json(exchange.header("content-type")) || !is_plain)
    return fail(Code::invalid_argument, "unsupported_media_type",
                "The body must be application/json in UTF-8, not compressed.");
  json::ReadLimits limits;
  limits.bytes_max = exchange.route->policy.body_bytes_max();
  auto object = json::read_object(exchange.request->body, limits);
  if (!object) return pass(object);
  return RequestBody(std::move(*object));
}

const boost::json::value* RequestBody::take(std::string_view name) {
  asked_.push_back(name);
  return object_.if_contains(name);
}

std::string RequestBody::text(std::string_view name) {
  const auto size = errors_.size();
  auto value = optional_text(name);
  if (value) return std::move(*value);
  if (errors_.size() == size) refuse(name, "required", "This field is required.");
  return {};
}

std::optional<std::string> RequestBody::optional_text(std::string_view name) {
  const auto* value = take(name);
  if (!value) return std::nullopt;
  const auto* text = value->if_string();
  if (!text) {
    refuse(name, "wrong_type", "This field must be a string.");
    return std::nullopt;
  }
  return std::string(text->data(), text->size());
}

std::optional<std::string> RequestBody::nullable_text(std::string_view name) {
  const auto* value = object_.if_contains(name);
  if (!value || !value->is_null()) return optional_text(name);
  asked_.push_back(name);
  return std::nullopt;
}

std::string RequestBody::checked_id(std::string_view name, std::string text) {
  const auto id = canonical_id(text);
  if (id) return id->str();
  refuse(name, invalid_code(name), "This is not an id of ours.");
  return text;
}

std::string RequestBody::optional_id(std::string_view name) {
  auto value = nullable_text(name);
  if (!value) return {};
  return checked_id(name, std::move(*value));
}

std::string RequestBody::id(std::string_view name) {
  const auto size = errors_.size();
  auto value = text(name);
  if (errors_.size() > size) return {};
  return checked_id(name, std::move(value));
}

std::string RequestBody::one_of(std::string_view name, std::initializer_list<std::string_view> allowed) {
  const auto size = errors_.size();
  auto value = text(name);
  if (errors_.size() == size && std::ranges::find(allowed, value) == allowed.end())
    refuse(name, invalid_code(name), fmt::format("This must be one of: {}.", fmt::join(allowed, ", ")));
  return value;
}

std::string RequestBody::digits(std::string_view name, std::size_t count) {
  const auto size = errors_.size();
  auto value = text(name);
  const bool is_code = value.size() == count && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (errors_.size() == size && !is_code) refuse(name, invalid_code(name), fmt::format("A code has {} digits.", count));
  return value;
}

void RequestBody::bound(std::string_view name, std::string_view text, std::size_t chars_max) {
  const auto chars = std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; });
  if (chars == 0) refuse(name, "required", "This field is required.");
  if (static_cast<std::size_t>(chars) > chars_max)
    refuse(name, std::string(name).append("_too_long"), fmt::format("This field has at most {} characters.", chars_max));
}

void RequestBody::refuse(std::string_view field, std::string_view code, std::string_view message) {
  errors_.push_back({std::string(field), std::string(code), std::string(message)});
}

Done RequestBody::finish() {
  for (const auto& member : object_) {
    const std::string_view name(member.key().data(), member.key().size());
    if (std::ranges::find(asked_, name) != asked_.end()) continue;
    refuse(name.size() <= field_name_bytes_max ? name : "…", "unknown_field", "There is no such field.");
  }
  if (errors_.empty()) return {};
  const bool is_one = errors_.size() == 1;
  auto failed = fail(Code::invalid_argument, is_one ? std::string_view(errors_[0].code) : "invalid_fields",
                     is_one ? std::string_view(errors_[0].message) : "Some fields are invalid.");
  failed.error().fields = std::move(errors_);
  return failed;
}

Done refuse_body(const Exchange& exchange) {
  if (exchange.request->body.empty()) return {};
  auto body = RequestBody::read(exchange);
  if (!body) return pass(body);
  return body->finish();
}

}  // namespace gatehouse::gateway
