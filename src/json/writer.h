// JSON out: appends to a string, in order, with no intermediate tree. The caller keeps begin/end balanced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::json {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& string(std::string_view value);  // escaped; the value must be UTF-8
  Writer& number(std::int64_t value);
  Writer& boolean(bool value);
  Writer& null();
  Writer& raw(std::string_view json);  // text that is JSON already

  Writer& field(std::string_view name, std::string_view value) { return key(name).string(value); }
  Writer& field(std::string_view name, const char* value) { return key(name).string(value); }
  Writer& field(std::string_view name, std::int64_t value) { return key(name).number(value); }
  Writer& field(std::string_view name, bool value) { return key(name).boolean(value); }

 private:
  void separate();
  std::string& out_;
  bool needs_comma_ = false;
};

}  // namespace gatehouse::json
