// One's own identifiers, and proving an address.
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;

class Identifiers : public GatewayTest {
 protected:
  Person ada = person();
};

TEST_F(Identifiers, are_attached_listed_and_detached) {
  const auto attached = post("/api/v1/users/me/identifiers", R"({"type":"email","value":"a@example.com"})", {.token = ada.token});
  ASSERT_EQ(attached.status, 201);
  EXPECT_EQ(attached.header("location"), "") << "there is nothing to GET there";
  EXPECT_TRUE(attached.json().at("verified_at").is_null());
  const auto list = get("/api/v1/users/me/identifiers", {.token = ada.token}).json();
  EXPECT_EQ(list.at("identifiers").as_array().size(), 1U);
  const auto eve = person("eve");
  const auto one = "/api/v1/users/me/identifiers/" + attached.text("id");
  EXPECT_EQ(send(Method::del, one, {.token = eve.token}).code(), "identifier_not_found") << "S-92";
  EXPECT_EQ(send(Method::del, one, {.token = ada.token}).status, 204);
  EXPECT_EQ(post("/api/v1/users/me/identifiers", R"({"type":"phone","value":"1"})", {.token = ada.token}).code(), "type_invalid");
}

TEST_F(Identifiers, are_proven_by_challenges_that_are_made_and_solved) {
  const auto made = post("/api/v1/challenges", R"({"type":"email","value":"a@example.com"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_FALSE(made.json().contains("solved"));
  EXPECT_FALSE(made.json().contains("code")) << "S-86";
  EXPECT_EQ(made.header("location"), "") << "nor here";
  const auto verify = "/api/v1/challenges/" + made.text("id") + "/verify";
  EXPECT_EQ(post(verify, R"({"code":"00000000"})").code(), "challenge_code_wrong");
  EXPECT_EQ(post(verify, R"({"code":"12345678"})").json().at("solved"), true);
}

}  // namespace
}  // namespace gatehouse::gateway
