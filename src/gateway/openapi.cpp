#include "gateway/openapi.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

#include "gateway/conditional.h"
#include "http/gzip.h"
#include "json/writer.h"

namespace gatehouse::embedded {
std::string_view openapi_yaml();
}

namespace gatehouse::gateway {
namespace {

bool is_number(const std::string& text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  const bool begins_like_json = text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
  const bool has_leading_zero = text.size() > 1 && text[0] == '0' && text[1] != '.';
  return begins_like_json && !has_leading_zero && parsed.ec == std::errc{} && parsed.ptr == end && std::isfinite(value);
}

void write_scalar(json::Writer& json, const YAML::Node& node) {
  const auto& text = node.Scalar();
  const bool is_plain = node.Tag() != "!";  // "!" is what yaml-cpp calls a quoted or block scalar
  if (!is_plain) {
    json.string(text);
  } else if (text == "true" || text == "false") {
    json.boolean(text == "true");
  } else if (text == "null" || text == "~" || text.empty()) {
    json.null();
  } else if (is_number(text)) {
    json.raw(text);
  } else {
    json.string(text);
  }
}

void write_node(json::Writer& json, const YAML::Node& node) {
  if (node.IsMap()) {
    json.begin_object();
    for (const auto& member : node) {
      json.key(member.first.Scalar());
      write_node(json, member.second);
    }
    json.end_object();
  } else if (node.IsSequence()) {
    json.begin_array();
    for (const auto& item : node) write_node(json, item);
    json.end_array();
  } else if (node.IsScalar()) {
    write_scalar(json, node);
  } else {
    json.null();
  }
}

}  // namespace

Result<std::string> yaml_to_json(std::string_view yaml) {
  try {
    std::string text;
    json::Writer json(text);
    write_node(json, YAML::Load(std::string(yaml)));
    return text;
  } catch (const std::exception& thrown) {
    return fail(Code::invalid_argument, "yaml_invalid", "This is not YAML.", thrown.what());
  }
}

const Result<OpenApiDocument>& openapi_document() {
  static const Result<OpenApiDocument> document = []() -> Result<OpenApiDocument> {
    auto json = yaml_to_json(embedded::openapi_yaml());
    if (!json) return pass(json);
    OpenApiDocument made{.json = std::move(*json), .gzip = {}, .etag = {}};
    if (!http::Compressor().compress(made.json, made.gzip)) made.gzip.clear();
    made.etag = etag_of_content(made.json);
    return made;
  }();
  return document;
}

}  // namespace gatehouse::gateway
