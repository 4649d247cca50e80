// JSON: what is accepted keeps within the limits, names no member twice, and reads the same after it was written again.
#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/ensure.h"
#include "json/reader.h"
#include "json/writer.h"

namespace {

using namespace gatehouse;

struct Census {
  std::size_t members = 0, named = 0, depth = 0;
};

void count(const boost::json::value& value, std::size_t depth, Census& census) {
  census.depth = std::max(census.depth, value.is_structured() ? depth : 0);
  if (const auto* const array = value.if_array())
    for (const auto& element : *array) ++census.members, count(element, depth + 1, census);
  if (const auto* const object = value.if_object())
    for (const auto& member : *object) ++census.members, ++census.named, count(member.value(), depth + 1, census);
}

// Every member has one colon outside of a string: a member that the tree lost was a duplicate.
std::size_t colons_outside_strings(std::string_view text) {
  std::size_t colons = 0;
  bool is_inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_inside && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      is_inside = !is_inside;
    else if (!is_inside && text[i] == ':')
      ++colons;
  }
  return colons;
}

void write(const boost::json::value& value, json::Writer& writer) {
  if (const auto* const object = value.if_object()) {
    writer.begin_object();
    for (const auto& member : *object) writer.key(member.key()), write(member.value(), writer);
    writer.end_object();
  } else if (const auto* const array = value.if_array()) {
    writer.begin_array();
    for (const auto& element : *array) write(element, writer);
    writer.end_array();
  } else if (value.is_string()) {
    writer.string(value.get_string());
  } else if (value.is_int64()) {
    writer.number(value.get_int64());
  } else if (value.is_bool()) {
    writer.boolean(value.get_bool());
  } else if (value.is_null()) {
    writer.null();
  } else {
    writer.raw(boost::json::serialize(value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_view({data, size});
  const auto read = json::read_object(text);
  if (!read) {
    ensure(read.error().code == Code::invalid_argument, "a refusal is the caller's fault");
    return 0;
  }
  Census census;
  count(boost::json::value(*read), 1, census);
  ensure(census.depth <= limits::json_depth_max && census.members <= limits::json_members_max, "beyond the limits");
  ensure(census.named == colons_outside_strings(text), "a duplicate member was accepted");
  std::string written;
  json::Writer writer(written);
  write(boost::json::value(*read), writer);
  for (const auto& form : {written, boost::json::serialize(*read)}) {
    const auto again = json::read_object(form, {.bytes_max = form.size()});
    ensure(again && *again == *read, "reads differently once it was written again");
  }
  return 0;
}
