#include "gateway/authenticator.h"

#include <gtest/gtest.h>

#include "gateway/problem.h"
#include "gateway/test_gateway.h"

namespace gatehouse::gateway {
namespace {

http::Request with(std::vector<http::Field> fields, std::string_view query = {}) {
  http::Request request;
  request.fields = std::move(fields);
  request.query = query;
  return request;
}

std::string reason_of(const http::Request& request) {
  const auto token = bearer_token(request);
  return token ? "taken" : token.error().reason;
}

TEST(BearerToken, is_taken_from_one_authorization_header) {
  for (const auto* value : {"Bearer abc.def.ghi", "bearer abc.def.ghi", "BEARER abc.def.ghi"})
    EXPECT_EQ(bearer_token(with({{"authorization", value}})).value(), "abc.def.ghi") << value;
  EXPECT_EQ(reason_of(with({})), "token_missing");
  for (const auto* value : {"Basic abc", "Bearerabc", "Token abc", ""})
    EXPECT_EQ(reason_of(with({{"authorization", value}})), "token_missing") << value;
}

TEST(BearerToken, S53_more_than_one_credential_is_400_and_never_first_wins) {
  EXPECT_EQ(reason_of(with({{"authorization", "Bearer a"}, {"authorization", "Bearer b"}})), "malformed_header");
  EXPECT_EQ(reason_of(with({{"authorization", "Bearer a, Bearer b"}})), "malformed_header");
  EXPECT_EQ(reason_of(with({{"authorization", "Bearer a b"}})), "malformed_header");
  EXPECT_EQ(reason_of(with({{"authorization", "Bearer  a"}})), "malformed_header");
  EXPECT_EQ(reason_of(with({{"authorization", "Bearer a"}}, "access_token=b")), "malformed_header");
  const auto refused = bearer_token(with({{"authorization", "Bearer a, Bearer b"}}));
  EXPECT_EQ(status_of(refused.error()), 400);
}

TEST(BearerToken, S54_in_the_query_is_no_token) {
  EXPECT_EQ(reason_of(with({}, "access_token=abc")), "token_missing");
  EXPECT_EQ(reason_of(with({}, "x=1&access_token=abc")), "token_missing");
}

TEST(BearerToken, S51_of_absurd_size_or_alphabet_is_malformed_unread) {
  const auto long_token = "Bearer " + std::string(limits::token_bytes_max + 1, 'a');
  EXPECT_EQ(reason_of(with({{"authorization", long_token}})), "token_malformed");
  for (const auto* value : {"Bearer a\x7f", "Bearer a\x01", "Bearer \xc3\xa9", "Bearer "})
    EXPECT_EQ(reason_of(with({{"authorization", value}})), "token_malformed") << value;
}

class AnAuthenticator : public GatewayTest {
 protected:
  AnAuthenticator() : ada(person()) {
    subject = std::make_unique<Authenticator>(
        shard, auth, crypto::AccessExpectations{"http://gatehouse.test", "gatehouse", limits::clock_skew_s}, clock);
  }
  // The gateway of the fixture listens already; this one is subscribed too, before anything is said.
  void subscribe() {
    std::promise<void> done;
    shard.post([&] {
      subject->subscribe(shard, revocations, key_changes);
      done.set_value();
    });
    done.get_future().get();
  }
  Result<Caller> who(const std::string& token) {
    Call call;
    call.deadline = clock.steady() + Milliseconds{10'000};
    return wait_for(subject->authenticate(call, token));
  }
  std::string reason(const std::string& token) {
    const auto caller = who(token);
    return caller ? "let in" : caller.error().reason;
  }
  void rotate() {
    auth::v1::RotateKeysRequest request;
    ASSERT_TRUE(wait_for(auth.rotate_keys(Call{}, std::move(request))));
  }

  Person ada;
  std::unique_ptr<Authenticator> subject;
};

TEST_F(AnAuthenticator, says_who_is_calling) {
  const auto caller = who(ada.token);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->user_id.str(), ada.id);
  EXPECT_EQ(caller->session_id.str(), ada.session);
}

TEST_F(AnAuthenticator, checks_a_signature_once_and_asks_nobody_again) {
  ASSERT_TRUE(who(ada.token));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(who(ada.token));
  EXPECT_EQ(auth.times("get_key_set"), 1);
  EXPECT_EQ(auth.times("list_revocations"), 1);
  EXPECT_EQ(subject->cached_tokens(), 1U);
}

TEST_F(AnAuthenticator, a_token_of_another_issuer_audience_or_key_is_refused_by_name) {
  using crypto::AccessClaims;
  const auto token = [&](auto change) { return auth.token_for(ada.id, ada.session, change); };
  EXPECT_EQ(reason(token([](AccessClaims& c) { c.issuer = "http://evil.test"; })), "token_wrong_issuer");
  EXPECT_EQ(reason(token([](AccessClaims& c) { c.audience = "other"; })), "token_wrong_audience");
  EXPECT_EQ(reason(token([](AccessClaims& c) { c.subject = "42"; })), "token_claims_invalid");
  EXPECT_EQ(reason(token([](AccessClaims& c) { c.session_id = "42"; })), "token_claims_invalid");
  EXPECT_EQ(reason(ada.token.substr(0, ada.token.size() - 4) + "AAAA"), "token_signature_wrong");
  EXPECT_EQ(reason("abc"), "token_malformed");
  EXPECT_EQ(subject->cached_tokens(), 0U) << "only what was let in is remembered";
}

TEST_F(AnAuthenticator, S50_honours_expiry_with_its_skew_for_a_remembered_token_as_for_a_new_one) {
  ASSERT_TRUE(who(ada.token));
  clock.advance(std::chrono::seconds{300 + 59});
  EXPECT_TRUE(who(ada.token));
  clock.advance(std::chrono::seconds{1});
  EXPECT_EQ(reason(ada.token), "token_expired");
  EXPECT_EQ(reason(ada.token), "token_expired") << "and from then on";
}

TEST_F(AnAuthenticator, F40_a_clock_set_back_does_not_lengthen_a_remembered_token) {
  ASSERT_TRUE(who(ada.token));
  clock.advance(std::chrono::seconds{200});
  clock.step_wall(-std::chrono::hours{1});
  EXPECT_TRUE(who(ada.token)) << "it is good for two minutes more";
  clock.advance(std::chrono::seconds{160});
  EXPECT_EQ(reason(ada.token), "token_expired");
}

TEST_F(AnAuthenticator, S37_a_revoked_session_is_refused_from_the_next_request_on) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  auth::v1::RevokeSessionRequest request;
  request.set_user_id(ada.id);
  request.set_session_id(ada.session);
  ASSERT_TRUE(wait_for(auth.revoke_session(Call{}, std::move(request))));
  EXPECT_EQ(reason(ada.token), "session_revoked");
}

TEST_F(AnAuthenticator, S37_F40_a_session_revoked_while_the_clock_was_ahead_stays_revoked_when_it_is_set_back) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  clock.step_wall(std::chrono::hours{1});
  const SessionId session = *SessionId::parse(ada.session);
  const auto token_ends = clock.wall() - std::chrono::hours{1} + std::chrono::seconds{360};
  ASSERT_TRUE(wait_for(revocations.publish(auth::SessionsRevoked{.sessions = {session}, .until = token_ends})));
  clock.step_wall(-std::chrono::hours{1});
  EXPECT_EQ(reason(ada.token), "session_revoked");
}

TEST_F(AnAuthenticator, S33_knows_what_was_revoked_before_it_was_started) {
  auth.revoked.emplace_back(ada.session, to_ms(clock.wall()) + 300'000);
  auth.revoked.emplace_back("not a session", to_ms(clock.wall()) + 300'000);
  EXPECT_EQ(reason(ada.token), "session_revoked");
}

TEST_F(AnAuthenticator, S66_lets_nobody_in_as_long_as_it_has_not_heard_what_was_revoked) {
  auth.keeps_failing = true;
  auth.fail_next("list_revocations", Code::unavailable, "storage_busy");
  EXPECT_EQ(reason(ada.token), "storage_busy");
  EXPECT_EQ(reason(ada.token), "storage_busy");
  auth.failures.clear();
  EXPECT_EQ(reason(ada.token), "let in");
}

TEST_F(AnAuthenticator, a_rotation_is_followed_at_once_and_refuses_no_valid_token) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  rotate();
  const auto fresh = auth.token_for(ada.id, ada.session);
  EXPECT_TRUE(who(fresh));
  EXPECT_TRUE(who(ada.token)) << "signed with the key that is retired but not gone";
  EXPECT_EQ(auth.times("get_key_set"), 3) << "at start, in the answer of rotate_keys, after the notice";
}

TEST_F(AnAuthenticator, one_broken_key_leaves_the_others_good) {
  auth.broken_jwk = "{}";
  EXPECT_EQ(reason(ada.token), "let in");
}

TEST_F(AnAuthenticator, without_any_usable_key_it_is_unavailable_and_nobody_is_told_that_their_token_is_wrong) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  auto keys = std::exchange(auth.keys, {});
  auth.broken_jwk = "{}";
  ASSERT_TRUE(wait_for(key_changes.publish(auth::KeysChanged{2})));
  const auto fresh = crypto::SigningKey::generate(crypto::Alg::es256).value().sign("at+jwt", "{}");
  for (int i = 0; i < 2; ++i) {
    const auto caller = who(fresh);
    ASSERT_FALSE(caller);
    EXPECT_EQ(status_of(caller.error()), 503);
  }
  auth.keys = std::move(keys);
  EXPECT_EQ(reason(ada.token), "let in");
}

TEST_F(AnAuthenticator, a_key_that_is_withdrawn_takes_its_remembered_tokens_along) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  auth.keys.clear();
  rotate();
  EXPECT_EQ(reason(ada.token), "token_key_unknown");
}

TEST_F(AnAuthenticator, S55_ten_thousand_unknown_keys_ask_once_an_interval) {
  ASSERT_TRUE(who(ada.token));
  const auto stranger = crypto::SigningKey::generate(crypto::Alg::es256).value();
  const auto forged = stranger.sign("at+jwt", "{}");
  clock.advance(std::chrono::seconds{6});
  const auto before = auth.times("get_key_set");
  for (int i = 0; i < 200; ++i) EXPECT_EQ(reason(forged), "token_key_unknown");
  EXPECT_EQ(auth.times("get_key_set"), before + 1);
  clock.advance(std::chrono::seconds{6});
  EXPECT_EQ(reason(forged), "token_key_unknown");
  EXPECT_EQ(auth.times("get_key_set"), before + 2);
}

TEST_F(AnAuthenticator, S55_an_unknown_key_makes_no_other_token_be_verified_again) {
  ASSERT_TRUE(who(ada.token));
  const auto forged = crypto::SigningKey::generate(crypto::Alg::es256).value().sign("at+jwt", "{}");
  clock.advance(std::chrono::seconds{6});
  const auto before = auth.times("get_key_set");
  EXPECT_EQ(reason(forged), "token_key_unknown");
  EXPECT_EQ(auth.times("get_key_set"), before + 1);
  EXPECT_EQ(subject->cached_tokens(), 1U);
}

TEST_F(AnAuthenticator, S55_keys_that_are_known_stay_good_while_nobody_can_tell_us_better) {
  subscribe();
  ASSERT_TRUE(who(ada.token));
  auth.keeps_failing = true;
  auth.fail_next("get_key_set", Code::unavailable, "storage_busy");
  ASSERT_TRUE(wait_for(key_changes.publish(auth::KeysChanged{2})));
  EXPECT_EQ(reason(ada.token), "let in");
  const auto asked = auth.times("get_key_set");
  EXPECT_EQ(reason(ada.token), "let in");
  EXPECT_EQ(auth.times("get_key_set"), asked) << "a failing role is not hammered";
  auth.failures.clear();
  clock.advance(std::chrono::seconds{2});
  EXPECT_EQ(reason(ada.token), "let in");
  EXPECT_EQ(auth.times("get_key_set"), asked + 1);
}

TEST_F(AnAuthenticator, S55_many_who_arrive_at_once_load_once) {
  std::vector<std::future<Result<Caller>>> answers;
  for (int i = 0; i < 20; ++i) {
    Call call;
    call.deadline = clock.steady() + Milliseconds{10'000};
    answers.push_back(
        asio::co_spawn(shard.executor(), subject->authenticate(call, ada.token), asio::use_future));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  EXPECT_EQ(auth.times("get_key_set"), 1);
  EXPECT_EQ(auth.times("list_revocations"), 1);
}

TEST(TokenCache, keeps_what_is_used_and_forgets_the_rest) {
  TokenCache cache(100);
  const auto key = [](int i) { return crypto::sha256(std::to_string(i)); };
  for (int i = 0; i < 1000; ++i) {
    cache.put(key(i), VerifiedToken{.expires_at_s = i});
    ASSERT_NE(cache.find(key(0)), nullptr) << i;
    ASSERT_LE(cache.size(), 102U);
  }
  EXPECT_EQ(cache.find(key(0))->expires_at_s, 0);
  EXPECT_EQ(cache.find(key(500)), nullptr);
  EXPECT_NE(cache.find(key(999)), nullptr);
  cache.clear();
  EXPECT_EQ(cache.find(key(0)), nullptr);
}

TEST(Revocations, are_held_until_no_clock_set_back_revives_their_tokens) {
  SeededRandom random(5);
  Revocations revocations;
  const auto now = from_ms(1'700'000'000'000);
  constexpr Milliseconds step{limits::clock_step_ms};
  const SessionId gone{Uuid::make_v7(now, random)}, past{Uuid::make_v7(now, random)};
  revocations.add(gone, now + Milliseconds{1000}, now);
  revocations.add(gone, now + Milliseconds{500}, now);  // never sooner than was said before
  revocations.add(past, now - step, now);
  EXPECT_TRUE(revocations.contains(gone));
  EXPECT_FALSE(revocations.contains(past));
  revocations.sweep(now + step + Milliseconds{999});
  EXPECT_TRUE(revocations.contains(gone));
  revocations.sweep(now + step + Milliseconds{1000});
  EXPECT_FALSE(revocations.contains(gone));
}

TEST(Revocations, do_not_pile_up) {
  SeededRandom random(5);
  Revocations revocations;
  auto now = from_ms(1'700'000'000'000);
  for (int i = 0; i < 50'000; ++i, now += std::chrono::seconds{1})
    revocations.add(SessionId{Uuid::make_v7(now, random)}, now + Milliseconds{1000}, now);
  EXPECT_LT(revocations.size(), 2U * 3602) << "those of the last hour, twice over";
}

}  // namespace
}  // namespace gatehouse::gateway
