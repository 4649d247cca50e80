#include "gateway/erasure.h"

#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

class TheEndOfAnAccount : public GatewayTest {
 protected:
  Done hear(const char* type) {
    events::Event event;
    event.event_id = test_uuid(700);
    event.event_type = type;
    event.source = "identity";
    event.subject = ada.id;
    return wait_for(consumer->handle(Call{}, event));
  }
  Person ada = person("ada"), eve = person("eve");
  std::unique_ptr<events::Handler> consumer = make_account_end_consumer(identity, auth, credential);
};

TEST_F(TheEndOfAnAccount, finishes_a_deletion_that_stopped_after_the_user_was_gone) {
  identity.users.erase(ada.id);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(hear("user.deleted.v1"));
  EXPECT_FALSE(auth.sessions.contains(ada.session));
  EXPECT_FALSE(credential.passwords.contains(ada.id));
  EXPECT_TRUE(auth.sessions.contains(eve.session) && credential.passwords.contains(eve.id));
  EXPECT_EQ(auth.reasons.back(), "deleted");
}

TEST_F(TheEndOfAnAccount, ends_the_sessions_of_the_disabled_and_keeps_their_password) {
  identity.users[ada.id].set_status(identity::v1::USER_STATUS_DISABLED);
  ASSERT_TRUE(hear("user.updated.v1"));
  EXPECT_FALSE(auth.sessions.contains(ada.session));
  EXPECT_EQ(auth.reasons.back(), "disabled");
  EXPECT_TRUE(credential.passwords.contains(ada.id));
}

TEST_F(TheEndOfAnAccount, leaves_whoever_is_active_by_now_alone) {
  ASSERT_TRUE(hear("user.updated.v1"));
  ASSERT_TRUE(hear("user.created.v1"));
  EXPECT_TRUE(auth.sessions.contains(ada.session) && credential.passwords.contains(ada.id));
}

TEST_F(TheEndOfAnAccount, takes_the_password_of_a_registration_that_was_undone) {
  ASSERT_TRUE(hear("user.released.v1"));
  EXPECT_FALSE(credential.passwords.contains(ada.id));
}

TEST_F(TheEndOfAnAccount, is_heard_again_when_a_role_is_away) {
  auth.fail_next("revoke_user_sessions", Code::unavailable, "storage_busy");
  EXPECT_FALSE(hear("user.deleted.v1"));
  credential.fail_next("delete_credentials", Code::unavailable, "storage_busy");
  EXPECT_FALSE(hear("user.deleted.v1"));
  EXPECT_TRUE(hear("user.deleted.v1"));
  EXPECT_FALSE(credential.passwords.contains(ada.id));
}

}  // namespace
}  // namespace gatehouse::gateway
