// One's own identifiers, and proving an address.
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

using http::Method;

constexpr const char* path = "/api/v1/users/me/identifiers";

class Identifiers : public GatewayTest {
 protected:
  Answer attach(const std::string& password = "tidal-copper-orchard", const std::string& type = "email") {
    return post(path, R"({"current_password":")" + password + R"(","type":")" + type + R"(","value":"a@example.com"})", {.token = ada.token});
  }
  Person ada = person();
};

TEST_F(Identifiers, are_attached_listed_and_detached) {
  const auto attached = attach();
  ASSERT_EQ(attached.status, 201);
  EXPECT_EQ(attached.header("location"), "") << "there is nothing to GET there";
  EXPECT_TRUE(attached.json().at("verified_at").is_null());
  const auto list = get(path, {.token = ada.token}).json();
  EXPECT_EQ(list.at("identifiers").as_array().size(), 1U);
  const auto eve = person("eve");
  const auto one = path + ("/" + attached.text("id"));
  EXPECT_EQ(send(Method::del, one, {.token = eve.token}).code(), "identifier_not_found") << "S-92";
  EXPECT_EQ(send(Method::del, one, {.token = ada.token}).status, 204);
  EXPECT_EQ(attach("tidal-copper-orchard", "phone").code(), "type_invalid");
}

TEST_F(Identifiers, S14_are_attached_with_the_password_and_not_with_a_token_alone) {
  EXPECT_EQ(post(path, R"({"type":"email","value":"a@example.com"})", {.token = ada.token}).code(), "required");
  const auto wrong = attach("marble-canyon-lantern");
  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(wrong.code(), "current_password_wrong");
  EXPECT_EQ(identity.times("attach_identifier"), 0);
  post("/api/v1/auth/login", R"({"username":"ada","password":"marble-canyon-lantern"})");
  ASSERT_EQ(credential.accounts.size(), 2U);
  EXPECT_EQ(credential.accounts[0], credential.accounts[1]) << "S-21: counted with the attempts to log in";
  credential.fail_next("verify_password", Code::resource_exhausted, "too_many_attempts");
  EXPECT_EQ(attach().status, 429);
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  EXPECT_EQ(attach().code(), "session_revoked");
  EXPECT_EQ(identity.times("attach_identifier"), 0);
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
