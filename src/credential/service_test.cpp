#include "credential/service.h"

#include <fstream>
#include <iterator>

#include "credential/adapters/service_fixture_test.h"

namespace gatehouse::credential {
namespace {

TEST_F(CredentialServiceTest, a_password_is_right_or_wrong) {
  EXPECT_TRUE(set(good_)->changed());
  EXPECT_EQ(verify(good_), "right");
  EXPECT_EQ(verify(good_ + " "), "invalid_credentials");
  EXPECT_EQ(verify(""), "invalid_credentials");
}

TEST_F(CredentialServiceTest, a_second_set_changes_nothing_and_hashes_nothing) {
  ASSERT_TRUE(set(good_)->changed());
  const auto before = hashes();
  EXPECT_FALSE(set("another fine password")->changed());
  EXPECT_EQ(hashes(), before);
  EXPECT_EQ(verify(good_), "right");
}

TEST_F(CredentialServiceTest, a_prepared_password_changes_nothing_until_it_replaces_the_one_of_its_user) {
  ASSERT_TRUE(set(good_)->changed());
  const auto prepared = prepare("another fine password");
  ASSERT_TRUE(prepared);
  EXPECT_EQ(prepared->sealed().find("argon2"), std::string::npos);
  EXPECT_EQ(verify(good_), "right");
  v1::ReplacePasswordRequest request;
  request.set_prepared(prepared->sealed());
  request.set_user_id("01890a5d-ac96-774b-bcce-b302099a8058");
  EXPECT_FALSE(wait<v1::ReplacePasswordResponse>(service_->replace_password(Call(), request)));
  request.set_user_id(user_);
  ASSERT_TRUE(wait<v1::ReplacePasswordResponse>(service_->replace_password(Call(), request)));
  EXPECT_EQ(verify(good_), "invalid_credentials");
  EXPECT_EQ(verify("another fine password"), "right");
}

TEST_F(CredentialServiceTest, S2_an_oversized_password_is_refused_without_a_hash) {
  ASSERT_TRUE(set(good_));
  const auto before = hashes();
  EXPECT_EQ(verify(std::string(1'000'000, 'x')), "password_too_long");
  EXPECT_EQ(prepare(std::string(1'000'000, 'x')).error().reason, "password_too_long");
  EXPECT_EQ(hashes(), before);
}

TEST_F(CredentialServiceTest, S3_every_octet_of_a_password_counts) {
  const std::string long_one = good_ + std::string(90, '-') + "end";
  ASSERT_TRUE(set(long_one));
  EXPECT_EQ(verify(long_one), "right");
  EXPECT_EQ(verify(long_one.substr(0, long_one.size() - 1) + "D"), "invalid_credentials");
  const std::string with_nul = good_ + std::string("\0x", 2);
  ASSERT_TRUE(replace(with_nul));
  EXPECT_EQ(verify(good_ + std::string("\0y", 2)), "invalid_credentials");
  EXPECT_EQ(verify(with_nul), "right");
}

TEST_F(CredentialServiceTest, S4_a_password_typed_in_another_normal_form_is_right) {
  ASSERT_TRUE(set("caf\u00e9 kumquat lantern"));
  EXPECT_EQ(verify("cafe\u0301 kumquat lantern"), "right");
}

TEST_F(CredentialServiceTest, S6_a_blocked_password_is_named_by_the_field_it_was_typed_in) {
  EXPECT_EQ(set("password").error().reason, "password_blocked");
  EXPECT_EQ(set("Ada-Lovelace 1815").error().reason, "password_blocked");
  v1::CheckPasswordRequest request;
  request.set_password("password");
  request.set_field("new_password");
  const auto checked = wait<v1::CheckPasswordResponse>(service_->check_password(Call(), request));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().fields.at(0).field, "new_password");
  request.set_password(good_);
  EXPECT_TRUE(wait<v1::CheckPasswordResponse>(service_->check_password(Call(), request)));
  EXPECT_EQ(hashes(), 0U);
}

TEST_F(CredentialServiceTest, S7_hashes_are_salted_argon2id_with_the_configured_parameters) {
  ASSERT_TRUE(set(good_));
  const auto first = stored();
  EXPECT_TRUE(first.starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  ASSERT_TRUE(replace(good_));
  EXPECT_NE(stored(), first);
}

TEST_F(CredentialServiceTest, S13_the_database_shows_no_password_and_no_name) {
  ASSERT_TRUE(set(good_));
  (void)verify("the canary password");
  for (const std::string suffix : {"", "-wal"}) {
    std::ifstream file(place_.file().string() + suffix, std::ios::binary);
    const std::string dump{std::istreambuf_iterator<char>(file), {}};
    for (const std::string_view planted : {"kumquat", "canary", "ada-lovelace", "192.0.2.1"})
      EXPECT_EQ(dump.find(planted), std::string::npos) << planted;
  }
}

TEST_F(CredentialServiceTest, S8_a_weaker_hash_is_upgraded_once_by_parallel_logins) {
  service_ = make(false);
  plant(crypto::hash_password(SecretString(std::string(good_)), {32, 1}, random_).value());
  const auto weak = stored();
  std::vector<std::future<Result<v1::VerifyPasswordResponse>>> logins;
  for (int i = 0; i < 50; ++i)
    logins.push_back(begin<v1::VerifyPasswordResponse>(service_->verify_password(Call(), attempt(good_))));
  for (auto& login : logins) EXPECT_TRUE(login.get());
  EXPECT_TRUE(stored().starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  EXPECT_NE(stored(), weak);
  EXPECT_LT(hashes(), 55U);  // fifty verifications, and not fifty upgrades
  EXPECT_NE(metrics_.expose().find("gatehouse_password_hashes_upgraded_total 1"), std::string::npos);
}

TEST_F(CredentialServiceTest, S9_a_planted_hash_that_costs_too_much_is_wrong_and_costs_one_hash) {
  plant("$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g");
  const auto before = hashes();
  EXPECT_EQ(verify(good_), "invalid_credentials");
  EXPECT_EQ(hashes(), before + 1);
  plant("not a hash");
  EXPECT_EQ(verify(good_), "invalid_credentials");
}

TEST_F(CredentialServiceTest, credentials_go_with_their_user) {
  ASSERT_TRUE(set(good_));
  v1::HasPasswordRequest has;
  has.set_user_id(user_);
  EXPECT_TRUE(wait<v1::HasPasswordResponse>(service_->has_password(Call(), has))->has_password());
  v1::DeleteCredentialsRequest remove;
  remove.set_user_id(user_);
  EXPECT_TRUE(wait<v1::DeleteCredentialsResponse>(service_->delete_credentials(Call(), remove)));
  EXPECT_FALSE(wait<v1::HasPasswordResponse>(service_->has_password(Call(), has))->has_password());
  EXPECT_EQ(verify(good_), "invalid_credentials");
}

}  // namespace
}  // namespace gatehouse::credential
