#include "auth/service.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <set>

#include "auth/adapters/service_fixture_test.h"

namespace gatehouse::auth {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_F(AuthServiceTest, a_session_starts_with_a_pair_of_tokens_that_say_whose_it_is) {
  const auto tokens = login();
  const auto claims = check(tokens.access_token(), *first_);
  ASSERT_TRUE(claims) << claims.error().reason;
  EXPECT_EQ(claims->subject, user_);
  EXPECT_EQ(claims->session_id, tokens.session_id());
  EXPECT_EQ(claims->scope, "all");
  EXPECT_EQ(claims->expires_at_s - claims->issued_at_s, 300);
  EXPECT_EQ(tokens.access_expires_in_s(), 300);
  EXPECT_EQ(tokens.refresh_expires_in_s(), 2'592'000);
  EXPECT_TRUE(tokens.refresh_token().starts_with("ghr_"));
}

TEST_F(AuthServiceTest, S27_every_login_makes_a_session_and_tokens_of_its_own) {
  std::set<std::string> ids, access, refreshes;
  for (int i = 0; i < 20; ++i) {
    const auto tokens = login();
    ids.insert(tokens.session_id());
    access.insert(tokens.access_token());
    refreshes.insert(tokens.refresh_token());
  }
  EXPECT_EQ(ids.size() + access.size() + refreshes.size(), 60U);
}

TEST_F(AuthServiceTest, a_session_needs_a_user) {
  v1::CreateSessionRequest request;
  request.set_user_id("nobody");
  EXPECT_EQ(wait<v1::Tokens>(first_->create_session(Call(), request)).error().reason, "user_id_invalid");
}

TEST_F(AuthServiceTest, a_refresh_gives_a_new_pair_for_the_same_session) {
  const auto before = login();
  clock_.advance(minutes(4));
  const auto after = refresh(before.refresh_token());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->session_id(), before.session_id());
  EXPECT_NE(after->refresh_token(), before.refresh_token());
  EXPECT_NE(after->access_token(), before.access_token());
  EXPECT_EQ(after->refresh_expires_in_s(), 2'592'000 - 240);
  EXPECT_EQ(check(after->access_token(), *first_)->scope, "all");
}

TEST_F(AuthServiceTest, S31_a_lost_answer_can_be_asked_for_again_within_ten_seconds) {
  const auto start = login();
  const auto first = refresh(start.refresh_token());
  clock_.advance(seconds(10));
  const auto again = refresh(start.refresh_token());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->refresh_token(), first->refresh_token());
  EXPECT_TRUE(refresh(again->refresh_token()));
  EXPECT_EQ(heard_, 0);
}

TEST_F(AuthServiceTest, S30_reuse_outside_the_window_ends_the_session_before_the_answer) {
  const auto start = login();
  const auto first = refresh(start.refresh_token());
  clock_.advance(seconds(11));
  const auto reused = refresh(start.refresh_token());
  ASSERT_FALSE(reused);
  EXPECT_EQ(reused.error().code, Code::unauthenticated);
  EXPECT_EQ(reused.error().reason, "invalid_refresh_token");
  EXPECT_EQ(heard_, 2);  // both shards
  EXPECT_EQ(refresh(first->refresh_token()).error().reason, "invalid_refresh_token");
  EXPECT_GE(heard_until_ms_, to_ms(clock_.wall()) + 300'000 - 11'000);
}

TEST_F(AuthServiceTest, S29_a_hundred_tabs_at_once_get_one_successor) {
  const auto start = login();
  std::vector<std::future<Result<v1::Tokens>>> racing;
  for (int i = 0; i < 100; ++i)
    racing.push_back(begin<v1::Tokens>(
        (i % 2 == 0 ? first_ : second_)->refresh(Call(), refresh_request(start.refresh_token())), 1 + i % 2));
  std::set<std::string> successors;
  for (auto& one : racing) {
    const auto tokens = one.get();
    ASSERT_TRUE(tokens) << tokens.error().detail;
    successors.insert(tokens->refresh_token());
  }
  EXPECT_EQ(successors.size(), 1U);
  EXPECT_TRUE(refresh(*successors.begin()));
}

TEST_F(AuthServiceTest, S34_after_a_logout_no_token_issued_by_a_racing_refresh_works_later) {
  for (int round = 0; round < 50; ++round) {
    const auto start = login();
    auto refreshing = begin<v1::Tokens>(second_->refresh(Call(), refresh_request(start.refresh_token())), 2);
    ASSERT_TRUE(revoke(start.session_id()));
    const auto raced = refreshing.get();
    if (raced) ASSERT_FALSE(refresh(raced->refresh_token()));
    ASSERT_FALSE(refresh(start.refresh_token()));
  }
}

TEST_F(AuthServiceTest, S36_refreshing_cannot_outlive_the_absolute_lifetime) {
  auto tokens = login();
  for (int day = 1; day < 30; ++day) {
    clock_.advance(days(1));
    auto next = refresh(tokens.refresh_token());
    ASSERT_TRUE(next) << day;
    tokens = *next;
  }
  clock_.advance(hours(23) + minutes(58));
  const auto last = refresh(tokens.refresh_token());
  ASSERT_TRUE(last);
  EXPECT_EQ(last->access_expires_in_s(), 120);  // not a second beyond the session
  clock_.advance(minutes(2));
  EXPECT_EQ(refresh(last->refresh_token()).error().reason, "invalid_refresh_token");
}

TEST_F(AuthServiceTest, S38_a_session_id_is_no_token_and_cannot_end_its_session) {
  const auto tokens = login();
  const auto id = SessionId::parse(tokens.session_id());
  const auto forged = "ghr_" + to_base64url(std::string(as_view(id->value.bytes)) + std::string(48, 'x'));
  for (const std::string& wrong : {tokens.session_id(), forged, tokens.access_token(), std::string()})
    EXPECT_EQ(refresh(wrong).error().reason, "invalid_refresh_token");
  EXPECT_TRUE(refresh(tokens.refresh_token()));
}

TEST_F(AuthServiceTest, S28_nothing_in_the_database_is_a_token) {
  const auto first = login();
  const auto second = refresh(first.refresh_token());
  const auto keyed = login("a-key");
  for (const std::string suffix : {"", "-wal"}) {
    std::ifstream file(place_.file().string() + suffix, std::ios::binary);
    const std::string dump{std::istreambuf_iterator<char>(file), {}};
    for (const auto& token : {first.refresh_token(), second->refresh_token(), keyed.refresh_token()}) {
      const auto octets = from_base64url(token.substr(4));
      EXPECT_EQ(dump.find(octets->substr(16, 32)), std::string::npos);
      EXPECT_EQ(dump.find(token.substr(4, 30)), std::string::npos);
    }
    EXPECT_EQ(dump.find("a-key"), std::string::npos);
  }
}

TEST_F(AuthServiceTest, an_idempotent_login_returns_the_same_pair_until_its_token_is_used) {
  const auto first = login("registration-1");
  const auto again = login("registration-1");
  EXPECT_EQ(again.session_id(), first.session_id());
  EXPECT_EQ(again.refresh_token(), first.refresh_token());
  EXPECT_TRUE(check(again.access_token(), *first_));
  ASSERT_TRUE(refresh(again.refresh_token()));
  EXPECT_NE(login("registration-1").session_id(), first.session_id());
  EXPECT_NE(login("registration-2").session_id(), first.session_id());
}

TEST_F(AuthServiceTest, S37_a_revoked_session_is_known_to_every_shard_when_the_call_returns) {
  const auto tokens = login();
  ASSERT_TRUE(revoke(tokens.session_id()));
  EXPECT_EQ(heard_, 2);
  EXPECT_FALSE(refresh(tokens.refresh_token()));
  const auto known = wait<v1::ListRevocationsResponse>(first_->list_revocations(Call(), {}));
  ASSERT_EQ(known->revocations_size(), 1);
  EXPECT_EQ(known->revocations(0).session_id(), tokens.session_id());
  EXPECT_EQ(known->revocations(0).until_ms(), to_ms(clock_.wall()) + 300'000 + 60'000);
  EXPECT_EQ(revoke(tokens.session_id()).error().reason, "session_not_found");
  EXPECT_EQ(revoke("no id").error().reason, "session_not_found");
}

// A client that has gone: its task is cancelled at every moment that it may be.
TEST_F(AuthServiceTest, S37_a_revocation_is_announced_although_its_caller_has_gone) {
  const auto tokens = login();
  v1::RevokeSessionRequest request;
  request.set_user_id(user_);
  request.set_session_id(tokens.session_id());
  asio::cancellation_signal gone;
  auto task = first_->revoke_session(Call(), request);
  auto ended =
      asio::co_spawn(one_.executor(), std::move(task), asio::bind_cancellation_slot(gone.slot(), asio::use_future));
  one_.post([&gone] { gone.emit(asio::cancellation_type::terminal); });
  try {
    (void)ended.get();
  } catch (const boost::system::system_error&) {
  }
  EXPECT_EQ(heard_, 2);
  EXPECT_FALSE(refresh(tokens.refresh_token()));
}

std::vector<std::string> reasons(const std::vector<events::Event>& events) {
  std::vector<std::string> found;
  for (const auto& event : events)
    if (const auto at = event.data.find("\"reason\":\""); at != std::string::npos)
      found.push_back(event.data.substr(at + 10, event.data.find('"', at + 10) - at - 10));
  return found;
}

TEST_F(AuthServiceTest, an_event_says_why_a_session_ended) {
  const auto own = login(), other = login();
  (void)login();
  Call call;
  call.caller.session_id = *SessionId::parse(own.session_id());
  ASSERT_TRUE(revoke(other.session_id(), call));
  ASSERT_TRUE(revoke(own.session_id(), call));
  v1::RevokeUserSessionsRequest all;
  all.set_user_id(user_);
  all.set_reason("password_changed");
  EXPECT_EQ(wait<v1::RevokeUserSessionsResponse>(first_->revoke_user_sessions(Call(), all))->revoked(), 1);
  EXPECT_EQ(reasons(events()), (std::vector<std::string>{"user", "logout", "password_changed"}));
  all.set_reason("because");
  EXPECT_EQ(wait<v1::RevokeUserSessionsResponse>(first_->revoke_user_sessions(Call(), all)).error().reason,
            "reason_unknown");
}

TEST_F(AuthServiceTest, S41_the_oldest_session_ends_when_there_are_too_many) {
  const auto oldest = login();
  for (std::size_t i = 0; i < limits::sessions_per_user_max; ++i) {
    clock_.advance(Milliseconds{1});  // which of one millisecond is the oldest nobody knows
    (void)login();
  }
  EXPECT_FALSE(refresh(oldest.refresh_token()));
  EXPECT_EQ(heard_, 2);
  EXPECT_EQ(reasons(events()), std::vector<std::string>{"limit"});
}

TEST_F(AuthServiceTest, S95_sessions_are_listed_in_pages) {
  std::set<std::string> opened, listed;
  for (int i = 0; i < 5; ++i) {
    opened.insert(login().session_id());
    clock_.advance(seconds(1));
  }
  v1::ListSessionsRequest request;
  request.set_user_id(user_);
  request.set_page_size(2);
  int pages = 0;
  do {
    const auto page = wait<v1::ListSessionsResponse>(first_->list_sessions(Call(), request));
    ASSERT_TRUE(page);
    EXPECT_LE(page->sessions_size(), 2);
    for (const auto& session : page->sessions()) listed.insert(session.id());
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(listed, opened);
  request.set_page_token("forged");
  EXPECT_EQ(wait<v1::ListSessionsResponse>(first_->list_sessions(Call(), request)).error().reason,
            "page_token_invalid");
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(wait<v1::ListSessionsResponse>(first_->list_sessions(Call(), request)).error().reason, "page_size_invalid");
  request.set_page_size(1'000'000'000);  // S-98
  EXPECT_EQ(wait<v1::ListSessionsResponse>(first_->list_sessions(Call(), request))->sessions_size(), 5);
}

TEST_F(AuthServiceTest, S68_what_a_client_says_about_itself_is_kept_printable_and_short) {
  auto request = session_request();
  request.set_user_agent("a\r\nb\xff" + std::string(10'000, 'x'));
  ASSERT_TRUE(wait<v1::Tokens>(first_->create_session(Call(), request)));
  v1::ListSessionsRequest list;
  list.set_user_id(user_);
  const auto listed = wait<v1::ListSessionsResponse>(first_->list_sessions(Call(), list));
  EXPECT_EQ(listed->sessions(0).user_agent(), "a??b?" + std::string(251, 'x'));
}

}  // namespace
}  // namespace gatehouse::auth
