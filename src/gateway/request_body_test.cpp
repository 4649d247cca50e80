#include "gateway/request_body.h"

#include <gtest/gtest.h>

#include "gateway/calls.h"
#include "gateway/routes.h"

namespace gatehouse::gateway {
namespace {

constexpr Route route{http::Method::post, "/x", Policy::open().body(1024), &Calls::login};

// A request that lives as long as what reads it.
struct Posted {
  explicit Posted(std::string_view body, std::vector<http::Field> fields = {{"content-type", "application/json"}}) {
    request.body = body;
    request.fields = std::move(fields);
    exchange.request = &request;
    exchange.route = &route;
  }
  http::Request request;
  Exchange exchange;
};

Result<RequestBody> read(std::string_view body) { return RequestBody::read(Posted(body).exchange); }

TEST(RequestBody, S99_is_json_in_utf8_and_nothing_else) {
  const auto status = [](std::vector<http::Field> fields) {
    const Posted posted("{}", std::move(fields));
    const auto body = RequestBody::read(posted.exchange);
    return body ? std::string("taken") : body.error().reason;
  };
  for (const auto* type : {"application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
                           "application/json; charset=\"utf-8\""})
    EXPECT_EQ(status({{"content-type", type}}), "taken") << type;
  for (const auto* type : {"", "text/plain", "text/json", "application/json; charset=utf-16", "application/jsonx", "application/json, text/plain",
                           "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=utf-8; x=y"})
    EXPECT_EQ(status({{"content-type", type}}), "unsupported_media_type") << type;
  EXPECT_EQ(status({}), "unsupported_media_type");
  EXPECT_EQ(status({{"content-type", "application/json"}, {"content-type", "application/json"}}), "unsupported_media_type");
  EXPECT_EQ(status({{"content-type", "application/json"}, {"content-encoding", "gzip"}}), "unsupported_media_type");
}

TEST(RequestBody, S99_malformed_json_is_400_and_not_422) {
  for (const auto* text : {"", "[]", "\"a\"", "{", "{}{}", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}", "{'a':1}", "\xef\xbb\xbf{}", "nul"}) {
    const auto body = read(text);
    ASSERT_FALSE(body) << text;
    EXPECT_EQ(body.error().code, Code::invalid_argument) << text;
    EXPECT_TRUE(body.error().fields.empty()) << text;
  }
}

TEST(RequestBody, gives_what_was_asked_for) {
  auto body = read(R"({"username":"ada","email":"a@example.com","id":"018bcfe5-687b-7000-8000-000000000001","code":"12345678"})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("username"), "ada");
  EXPECT_EQ(body->optional_text("email"), "a@example.com");
  EXPECT_EQ(body->optional_text("locale"), std::nullopt);
  EXPECT_EQ(body->id("id"), "018bcfe5-687b-7000-8000-000000000001");
  EXPECT_EQ(body->digits("code", 8), "12345678");
  EXPECT_TRUE(body->finish());
}

TEST(RequestBody, collects_everything_that_is_wrong) {
  auto body = read(R"({"username":7,"nickname":"x","challenge_id":"42","code":"abc","type":"phone"})");
  ASSERT_TRUE(body);
  (void)body->text("username");
  (void)body->text("password");
  (void)body->optional_id("challenge_id");
  (void)body->digits("code", 8);
  (void)body->one_of("type", {"email"});
  const auto valid = body->finish();
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().reason, "invalid_fields");
  std::vector<std::string> said;
  for (const auto& field : valid.error().fields) said.push_back(field.field + " " + field.code);
  EXPECT_EQ(said, (std::vector<std::string>{"username wrong_type", "password required", "challenge_id challenge_id_invalid",
                                            "code code_invalid", "type type_invalid", "nickname unknown_field"}));
}

TEST(RequestBody, one_mistake_is_the_code_of_the_answer) {
  auto body = read(R"({"username":null})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->optional_text("username"), std::nullopt);
  const auto valid = body->finish();
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().reason, "wrong_type");
}

TEST(RequestBody, S94_a_field_nobody_asked_for_is_refused) {
  auto body = read(R"({"username":"ada","role":"admin"})");
  ASSERT_TRUE(body);
  EXPECT_EQ(body->text("username"), "ada");
  EXPECT_EQ(body->finish().error().fields.at(0).field, "role");
}

TEST(RequestBody, does_not_send_back_a_long_name_it_does_not_know) {
  auto body = read("{\"" + std::string(500, 'x') + "\":1}");
  ASSERT_TRUE(body);
  EXPECT_LE(body->finish().error().fields.at(0).field.size(), 64U);
}

}  // namespace
}  // namespace gatehouse::gateway
