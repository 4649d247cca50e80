#include "auth/cutoff.h"

#include <algorithm>

#include "auth/adapters/service_fixture_test.h"
#include "config/schema.h"

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class AnOvertakenLogin : public AuthServiceTest {
 protected:
  void revoke_all(const char* reason = "password_changed") {
    v1::RevokeUserSessionsRequest all;
    all.set_user_id(user_);
    all.set_reason(reason);
    ASSERT_TRUE(wait<v1::RevokeUserSessionsResponse>(second_->revoke_user_sessions(Call(), all), 2));
  }
  Result<v1::Tokens> open(v1::CreateSessionRequest begun) {
    return wait<v1::Tokens>(first_->create_session(Call(), std::move(begun)));
  }
};

TEST_F(AnOvertakenLogin, S37_opens_no_session_although_there_was_none_to_end) {
  const auto begun = session_request();
  clock_.advance(seconds(2));
  revoke_all();
  const auto refused = open(begun);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  EXPECT_EQ(refused.error().reason, "invalid_credentials");
  EXPECT_FALSE(open(session_request())) << "begun in the millisecond of the cutoff: it cannot be told, so it is refused";
  clock_.advance(Milliseconds(1));
  EXPECT_TRUE(open(session_request())) << "one that begins after the answer is let in";
}

TEST_F(AnOvertakenLogin, S37_is_not_let_in_under_a_key_that_opened_a_session_before) {
  ASSERT_TRUE(open(session_request("key-1")));
  const auto begun = session_request("key-1");
  clock_.advance(seconds(1));
  revoke_all("deleted");
  EXPECT_FALSE(open(begun));
}

TEST_F(AnOvertakenLogin, the_end_of_one_session_overtakes_nobody) {
  const auto tokens = login();
  const auto begun = session_request();
  clock_.advance(seconds(1));
  ASSERT_TRUE(revoke(tokens.session_id()));
  EXPECT_TRUE(open(begun));
}

TEST_F(AnOvertakenLogin, a_clock_that_was_set_back_locks_nobody_out) {
  clock_.advance(hours(2));
  revoke_all();
  clock_.step_wall(-hours(1));
  EXPECT_TRUE(open(session_request()));
  const auto begun = session_request();
  clock_.advance(seconds(1));
  revoke_all();
  EXPECT_FALSE(open(begun)) << "and the next cutoff counts, although it is earlier than the last";
}

TEST_F(AnOvertakenLogin, S37_a_password_that_was_replaced_takes_with_it_what_it_opened_or_is_about_to_open) {
  auto with_old = session_request(), with_new = session_request();
  with_old.set_password_version(1);
  const auto before = open(with_old), kept = open(with_old);
  v1::RevokeUserSessionsRequest outdated;
  outdated.set_user_id(user_);
  outdated.set_reason("password_changed");
  outdated.set_password_version(2);
  outdated.set_except_session_id(kept->session_id());
  outdated.set_as_of_ms(to_ms(clock_.wall()));
  clock_.advance(seconds(1));
  with_new.set_began_at_ms(to_ms(clock_.wall()));
  with_new.set_password_version(2);
  const auto after = open(with_new);
  ASSERT_TRUE(before && kept && after);
  clock_.advance(seconds(1));
  EXPECT_EQ(wait<v1::RevokeUserSessionsResponse>(second_->revoke_user_sessions(Call(), outdated), 2)->revoked(), 1);
  EXPECT_FALSE(refresh(before->refresh_token()));
  EXPECT_TRUE(refresh(kept->refresh_token()));
  EXPECT_TRUE(refresh(after->refresh_token()));
  EXPECT_FALSE(open(with_old)) << "it began before the password was replaced";
  EXPECT_TRUE(open(with_new)) << "told late, a replaced password does not stop logins with the new one";
}

TEST_F(AnOvertakenLogin, S37_is_never_older_than_what_a_cutoff_speaks_about) {
  const auto timeout = std::ranges::find(config::schema(), "server.request_timeout_ms", &config::Key::path);
  ASSERT_NE(timeout, config::schema().end());
  EXPECT_GT(login_lasts_at_most, Milliseconds{timeout->most});
}

TEST_F(AnOvertakenLogin, whoever_asks_for_a_session_says_when_they_began) {
  auto unsaid = session_request();
  unsaid.clear_began_at_ms();
  EXPECT_EQ(open(unsaid).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace gatehouse::auth
