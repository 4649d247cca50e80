// An HTTP request as the gateway sees it, and the response it gives. Values of one shard.
//
// The request is canonical: one spelling of the path (percent-decoding only of unreserved characters, no dot
// segments, no empty segments but for a '/' at the end), field names lower-case, framing gone, body whole. What is
// not canonical has been refused before it got here; names that merely look like fields the gateway asserts
// (x_user_id) have been dropped (http/field_rules.h), those fields themselves have not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace gatehouse::http {

enum class Method : std::uint8_t { get, head, post, put, patch, del, options };
[[nodiscard]] std::string_view name_of(Method method);

struct Field {
  std::string_view name;  // lower-case
  std::string_view value; // without surrounding white space
};

// Views point into the connection's buffer and live until the handler has returned its Response.
class Request {
 public:
  Method method = Method::get;
  std::string_view path;   // canonical, begins with '/'
  std::string_view query;  // without '?', not decoded
  std::vector<Field> fields;
  std::string_view body;
  std::string_view peer;   // address of the socket's other end, no port
  bool is_secure = false;  // came over TLS

  // The field's value, empty when absent. For fields that may stand once only, the parser refused a second one.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const {
    for (const auto& field : fields)
      if (field.name == lower_case_name) return field.value;
    return {};
  }
  [[nodiscard]] std::size_t count(std::string_view lower_case_name) const {
    std::size_t n = 0;
    for (const auto& field : fields) n += field.name == lower_case_name;
    return n;
  }
};

// Why what a client sent is not handled: it is no request, too large, too slow, or comes when there is no room.
struct Refusal {
  int status = 400;
  std::string_view reason;  // machine-readable, a literal: "header_too_large"
  std::uint64_t limit = 0;  // the limit it went over, in octets, fields or milliseconds; 0: it is none that has a number
};

struct Response {
  int status = 500;  // a response nobody filled in is an error
  std::string_view content_type = "application/json";  // a literal
  std::vector<std::pair<std::string_view, std::string>> fields;  // names are literals, lower-case; values checked for CR, LF, NUL
  std::string body;
  bool closes = false;  // close the connection after this response

  Response& with(std::string_view name, std::string value) {
    fields.emplace_back(name, std::move(value));
    return *this;
  }
};

[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace gatehouse::http
