#include "events/event.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/id.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::events {
namespace {

namespace bj = boost::json;

constexpr json::ReadLimits event_limits{.bytes_max = 256 * 1024, .depth_max = 16, .members_max = 1024};
constexpr std::size_t name_bytes_max = 128;

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "event_malformed", "The event is not in our envelope.", what);
}

bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// "user.created.v1": names of [a-z0-9_] with dots between, the last one a version.
bool is_event_type(std::string_view type) {
  if (type.size() > name_bytes_max || type.empty()) return false;
  const auto dot = type.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const auto version = type.substr(dot + 1);
  if (version.size() < 2 || version[0] != 'v' || version[1] == '0') return false;
  if (!std::ranges::all_of(version.substr(1), [](char c) { return c >= '0' && c <= '9'; })) return false;
  const auto name = type.substr(0, dot);
  if (name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(name, [](char c) { return is_name_char(c) || c == '.'; });
}

bool take_text(const bj::object& from, std::string_view name, std::string& to) {
  const auto* value = from.if_contains(bj::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_string()) return false;
  const auto& text = value->get_string();
  to.assign(text.data(), text.size());
  return true;
}

bool take_optional_text(const bj::object& from, std::string_view name, std::string& to) {
  return !from.contains(bj::string_view(name.data(), name.size())) || take_text(from, name, to);
}

}  // namespace

std::string to_json(const Event& event) {
  std::string out;
  out.reserve(320 + event.data.size());
  json::Writer writer(out);
  writer.begin_object()
      .field("event_id", event.event_id)
      .field("event_type", event.event_type)
      .field("source", event.source)
      .field("subject", event.subject)
      .field("subject_version", event.subject_version)
      .field("occurred_at", to_rfc3339(event.occurred_at))
      .field("correlation_id", event.correlation_id)
      .field("trace_parent", event.trace_parent);
  if (!event.key_id.empty()) writer.field("key_id", event.key_id);
  writer.key("data").raw(event.data).end_object();
  return out;
}

// Members that are not known are passed over: a newer producer may add one. What is known has its type and form.
Result<Event> from_json(std::string_view text) {
  auto read = json::read_object(text, event_limits);
  if (!read) return malformed(read.error().reason);
  Event event;
  std::string occurred_at;
  if (!take_text(*read, "event_id", event.event_id) || !Uuid::parse(event.event_id)) return malformed("event_id");
  if (!take_text(*read, "event_type", event.event_type) || !is_event_type(event.event_type)) return malformed("event_type");
  if (!take_text(*read, "source", event.source) || event.source.empty() || !std::ranges::all_of(event.source, is_name_char))
    return malformed("source");
  if (!take_text(*read, "subject", event.subject) || event.subject.empty() || event.subject.size() > name_bytes_max)
    return malformed("subject");
  const auto* version = read->if_contains("subject_version");
  if (version == nullptr || !version->is_int64() || version->get_int64() < 1) return malformed("subject_version");
  event.subject_version = version->get_int64();
  if (!take_text(*read, "occurred_at", occurred_at)) return malformed("occurred_at");
  const auto time = from_rfc3339(occurred_at);
  if (!time) return malformed("occurred_at");
  event.occurred_at = *time;
  if (!take_optional_text(*read, "correlation_id", event.correlation_id)) return malformed("correlation_id");
  if (!take_optional_text(*read, "trace_parent", event.trace_parent)) return malformed("trace_parent");
  if (!take_optional_text(*read, "key_id", event.key_id)) return malformed("key_id");
  const auto* data = read->if_contains("data");
  if (data == nullptr || (!data->is_object() && !data->is_string())) return malformed("data");
  if (data->is_string() == event.key_id.empty()) return malformed("data");  // a string is sealed data, and needs its key
  event.data = bj::serialize(*data);
  return event;
}

}  // namespace gatehouse::events
