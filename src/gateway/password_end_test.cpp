#include "gateway/password_end.h"

#include "credential/events.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

class TheEndOfAPassword : public GatewayTest {
 protected:
  Done hear(const events::Event& event) { return wait_for(consumer->handle(Call{}, event)); }
  events::Event replaced(const std::string& kept_session_id) {
    return credential::password_replaced({.at = clock.wall(), .correlation_id = "", .trace_parent = ""}, ada.id,
                                         {.version = 2, .kept_session_id = kept_session_id}, random);
  }
  Person ada = person("ada"), eve = person("eve");
  std::unique_ptr<events::Handler> consumer = make_password_end_consumer(identity, auth);
};

TEST_F(TheEndOfAPassword, S37_finishes_a_change_that_stopped_after_the_password_was_replaced) {
  identity.recovery_owner = ada.id;
  const auto thief = auth.open_session(ada.id), later = auth.open_session(ada.id);
  auth.password_versions[later] = 2;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(hear(replaced(ada.session)));
  EXPECT_FALSE(auth.sessions.contains(thief));
  EXPECT_TRUE(auth.sessions.contains(ada.session)) << "it changed the password";
  EXPECT_TRUE(auth.sessions.contains(later)) << "the new password opened it";
  EXPECT_TRUE(auth.sessions.contains(eve.session));
  EXPECT_EQ(auth.reasons.back(), "password_changed");
  EXPECT_TRUE(identity.recovery_owner.empty()) << "a code mailed before is good for nothing";
}

TEST_F(TheEndOfAPassword, keeps_no_session_after_a_reset) {
  ASSERT_TRUE(hear(replaced("")));
  EXPECT_FALSE(auth.sessions.contains(ada.session));
}

TEST_F(TheEndOfAPassword, is_not_taken_for_done_when_the_event_cannot_be_read) {
  for (const auto* data : {"not json", R"({"version":"2"})", R"({"version":0})"}) {
    auto event = replaced("");
    event.data = data;
    EXPECT_FALSE(hear(event)) << data;
  }
  EXPECT_TRUE(auth.sessions.contains(ada.session));
}

TEST_F(TheEndOfAPassword, does_nothing_about_a_first_password) {
  const credential::Moment now{.at = clock.wall(), .correlation_id = "", .trace_parent = ""};
  ASSERT_TRUE(hear(credential::password_set(now, ada.id, random)));
  ASSERT_TRUE(hear(credential::password_verified_failed(now, ada.id, random)));
  EXPECT_EQ(auth.times("revoke_user_sessions"), 0);
}

}  // namespace
}  // namespace gatehouse::gateway
