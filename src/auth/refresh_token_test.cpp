#include "auth/refresh_token.h"

#include <gtest/gtest.h>

#include <set>

namespace gatehouse::auth {
namespace {

crypto::MasterKey master(std::uint8_t seed) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(seed);
  return crypto::MasterKey(SecretKey(raw));
}

class RefreshTokenText : public ::testing::Test {
 protected:
  SystemRandom random_;
  crypto::MasterKey master_ = master(1);
  RefreshTokens tokens_{master_, random_};
  SessionId session_{Uuid::make_v7(WallTime{Milliseconds{1'700'000'000'000}}, random_)};
};

TEST_F(RefreshTokenText, reads_back_what_it_wrote) {
  const auto token = tokens_.make(session_);
  const auto text = tokens_.text_of(token);
  EXPECT_TRUE(text.starts_with("ghr_"));
  const auto parsed = tokens_.parse(text);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->session, session_);
  EXPECT_EQ(RefreshTokens::digest_of(*parsed), RefreshTokens::digest_of(token));
}

TEST_F(RefreshTokenText, S28_tokens_are_256_random_bits_and_never_repeat) {
  std::set<Digest> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(RefreshTokens::digest_of(tokens_.make(session_)));
  EXPECT_EQ(seen.size(), 10'000U);
}

TEST_F(RefreshTokenText, S38_a_session_id_alone_makes_no_token) {
  EXPECT_FALSE(tokens_.parse(session_.str()));
  auto forged = std::string(as_view(session_.value.bytes)) + std::string(48, '\x5a');
  EXPECT_FALSE(tokens_.parse("ghr_" + to_base64url(forged)));
  RefreshTokens foreign(master(2), random_);
  EXPECT_FALSE(tokens_.parse(foreign.text_of(foreign.make(session_))));
}

TEST_F(RefreshTokenText, one_changed_character_anywhere_is_refused) {
  const auto text = tokens_.text_of(tokens_.make(session_));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens_.parse(changed)) << i;
  }
}

TEST_F(RefreshTokenText, what_is_not_a_token_is_refused) {
  const auto text = tokens_.text_of(tokens_.make(session_));
  for (const std::string& wrong :
       {std::string(), std::string("ghr_"), text + "A", text + "=", text.substr(1), text.substr(0, text.size() - 1),
        " " + text, text + std::string(1, '\0'), std::string(1'000'000, 'A')})
    EXPECT_FALSE(tokens_.parse(wrong)) << wrong.size();
}

TEST_F(RefreshTokenText, S31_only_the_holder_of_the_predecessor_can_open_the_successor) {
  const auto presented = tokens_.make(session_), successor = tokens_.make(session_), other = tokens_.make(session_);
  const auto sealed = tokens_.seal_successor(presented, successor);
  const auto opened = RefreshTokens::open_successor(presented, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(tokens_.text_of(*opened), tokens_.text_of(successor));
  EXPECT_FALSE(RefreshTokens::open_successor(other, sealed));
  EXPECT_FALSE(RefreshTokens::open_successor(presented, sealed.substr(1)));
  EXPECT_FALSE(RefreshTokens::open_successor(presented, ""));
}

TEST_F(RefreshTokenText, the_first_token_of_a_key_is_the_same_each_time_and_no_other_keys) {
  const auto once = tokens_.text_of(tokens_.make_first(session_, "key-1"));
  EXPECT_EQ(tokens_.text_of(tokens_.make_first(session_, "key-1")), once);
  EXPECT_NE(tokens_.text_of(tokens_.make_first(session_, "key-2")), once);
  RefreshTokens foreign(master(2), random_);
  EXPECT_NE(foreign.text_of(foreign.make_first(session_, "key-1")), once);
}

TEST_F(RefreshTokenText, an_idempotency_key_is_stored_per_user_and_not_readable) {
  EXPECT_NE(tokens_.digest_of_key("a", "bc"), tokens_.digest_of_key("ab", "c"));
  EXPECT_NE(tokens_.digest_of_key("a", "key"), RefreshTokens(master(2), random_).digest_of_key("a", "key"));
}

}  // namespace
}  // namespace gatehouse::auth
