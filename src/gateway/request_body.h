// RequestBody: a JSON body, read strictly. Ask for each field there may be, then finish(): it refuses the fields
// nobody asked for and gives everything that is wrong as one error, field by field. One request's.
//
//   auto body = RequestBody::read(exchange);
//   if (!body) co_return pass(body);
//   auto name = body->text("username");
//   if (auto valid = body->finish(); !valid) co_return pass(valid);
#pragma once

#include <boost/json/object.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "gateway/exchange.h"

namespace gatehouse::gateway {

class RequestBody {
 public:
  // 415 unsupported_media_type; 400 malformed_json and what else json/reader.h refuses.
  [[nodiscard]] static Result<RequestBody> read(const Exchange& exchange);

  // Required; empty text counts as given. What is missing or no string comes back empty and makes finish() fail.
  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::optional<std::string> optional_text(std::string_view name);
  // As above, where null says the same as leaving it out.
  [[nodiscard]] std::optional<std::string> nullable_text(std::string_view name);
  // A UUID. Absent or null is empty; anything else is `<name>_invalid`.
  [[nodiscard]] std::string optional_id(std::string_view name);
  [[nodiscard]] std::string id(std::string_view name);
  // One of these, else `<name>_invalid`.
  [[nodiscard]] std::string one_of(std::string_view name, std::initializer_list<std::string_view> allowed);
  // Refuses a text that is empty or has more code points than this: `required`, `<name>_too_long`.
  void bound(std::string_view name, std::string_view text, std::size_t chars_max);
  // The digits of a mailed code, else `<name>_invalid`: a typing mistake of this kind costs no try.
  [[nodiscard]] std::string digits(std::string_view name, std::size_t count);

  // Whether the body has this member and it is not null.
  [[nodiscard]] bool has(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value && !value->is_null();
  }
  [[nodiscard]] bool has_text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value && value->is_string();
  }
  void refuse(std::string_view field, std::string_view code, std::string_view message);
  [[nodiscard]] Done finish();

 private:
  explicit RequestBody(boost::json::object object) : object_(std::move(object)) {}
  [[nodiscard]] const boost::json::value* take(std::string_view name);
  [[nodiscard]] std::string checked_id(std::string_view name, std::string text);

  boost::json::object object_;
  std::vector<std::string_view> asked_;
  std::vector<FieldError> errors_;
};

// For calls that take no body but are sent one all the same: nothing, or an empty object.
[[nodiscard]] Done refuse_body(const Exchange& exchange);

}  // namespace gatehouse::gateway
