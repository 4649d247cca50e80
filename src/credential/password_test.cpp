#include "credential/password.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/random.h"

namespace gatehouse::credential {
namespace {

SecretString secret(std::string_view text) { return SecretString(std::string(text)); }

std::string repeated(std::string_view piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += piece;
  return out;
}

// Letters and digits that mean nothing.
std::string gibberish(std::size_t length) {
  SeededRandom random(length);
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += "abcdefghijkmnpqrstuvwxyz23456789"[random.below(32)];
  return out;
}

std::string verdict(std::string_view typed, const PasswordRules& rules = {}) {
  const auto normal = normalize_password(secret(typed), rules.field);
  if (!normal) return normal.error().reason;
  const auto checked = check_password(*normal, rules);
  return checked ? "accepted" : checked.error().reason;
}

TEST(Password, S1_length_is_counted_in_code_points) {
  EXPECT_EQ(verdict("kx7Qm2p"), "password_too_short");
  EXPECT_EQ(verdict("kx7Qm2pz"), "accepted");
  EXPECT_EQ(verdict(repeated("é", 7)), "password_too_short");
  EXPECT_EQ(verdict("😀🦊🌲🍋🚲🎻🪁"), "password_too_short");
  EXPECT_EQ(verdict("😀🦊🌲🍋🚲🎻🪁🧵"), "accepted");
}

TEST(Password, S1_an_operator_may_raise_the_minimum_but_not_lower_it_below_eight) {
  EXPECT_EQ(verdict("kx7Qm2pzW4nR9b", {.length_min = 15}), "password_too_short");
  EXPECT_EQ(verdict("kx7Qm2pzW4nR9bT", {.length_min = 15}), "accepted");
  EXPECT_EQ(verdict("kx7Qm2p", {.length_min = 1}), "password_too_short");
}

TEST(Password, S2_128_code_points_are_accepted_and_129_are_not) {
  EXPECT_EQ(verdict(gibberish(128)), "accepted");
  EXPECT_EQ(verdict(gibberish(129)), "password_too_long");
  EXPECT_EQ(verdict(""), "password_too_short");
}

TEST(Password, S2_octets_are_counted_before_any_other_work) {
  EXPECT_EQ(verdict(std::string(1024, '\xff')), "password_malformed");
  EXPECT_EQ(verdict(std::string(1025, '\xff')), "password_too_long");  // not even looked at as UTF-8
  EXPECT_EQ(verdict(std::string(1'000'000, 'x')), "password_too_long");
}

TEST(Password, S3_nothing_is_cut_trimmed_or_folded) {
  for (const std::string_view typed : {"  pw  ", "PassWord", "tail ", "pw\tx"})
    EXPECT_EQ(normalize_password(secret(typed), "password")->reveal(), typed);
  const std::string with_nul("pw\0x", 4);
  EXPECT_EQ(normalize_password(secret(with_nul), "password")->reveal(), with_nul);
  const auto long_one = gibberish(1000);
  EXPECT_EQ(normalize_password(secret(long_one), "password")->reveal(), long_one);
}

TEST(Password, S4_composed_and_decomposed_forms_are_one_password) {
  const auto composed = normalize_password(secret("caf\u00e9-kx7Qm2"), "password");
  const auto decomposed = normalize_password(secret("cafe\u0301-kx7Qm2"), "password");
  EXPECT_EQ(composed->reveal(), decomposed->reveal());
}

TEST(Password, S4_compatibility_forms_stay_different) {
  EXPECT_NE(normalize_password(secret("\ufb01sh"), "password")->reveal(),
            normalize_password(secret("fish"), "password")->reveal());
}

TEST(Password, S4_ill_formed_utf8_is_refused) {
  for (const std::string_view typed : {"\xff\xfe kx7Qm2pz", "kx7Qm2pz\xc3", "\xed\xa0\x80kx7Qm2pz", "\xc0\x80kx7Qm2pz"})
    EXPECT_EQ(verdict(typed), "password_malformed");
}

TEST(Password, S5_there_are_no_composition_rules) {
  EXPECT_EQ(verdict("purple giraffe umbrella socks"), "accepted");
  EXPECT_EQ(verdict("uvqkzjwxhgpt"), "accepted");
  EXPECT_EQ(verdict("81649257036184"), "accepted");
}

TEST(Password, S6_common_passwords_and_their_disguises_are_blocked) {
  for (const std::string_view typed :
       {"password", "12345678", "qwertyuiop", "iloveyou", "P@ssw0rd", "trustno1", "letmein123", "Password1!",
        "sunshine", "liverpool", "1q2w3e4r", "aaaaaaaa", "abcabcabc", "abcdefgh", "11111111", "Summer2024"})
    EXPECT_EQ(verdict(typed), "password_blocked") << typed;
}

TEST(Password, S6_the_name_of_the_product_is_blocked) {
  EXPECT_EQ(verdict("gatehouse"), "password_blocked");
  EXPECT_EQ(verdict("Gatehouse1"), "password_blocked");
}

TEST(Password, S6_own_words_are_blocked_whatever_their_case) {
  const std::vector<std::string> words{"Marguerite77", "ada.lovelace@example.org"};
  const PasswordRules rules{.user_words = words};
  EXPECT_EQ(verdict("zq-MARGUERITE77-vx", rules), "password_blocked");
  EXPECT_EQ(verdict("xx9 ada.LOVELACE kq", rules), "password_blocked");
  EXPECT_EQ(verdict("zq-Margu-erite-vx", rules), "accepted");
}

TEST(Password, S6_short_own_words_do_not_block_unrelated_passwords) {
  const std::vector<std::string> words{"al", "bo@example.org"};
  EXPECT_EQ(verdict("algebra kumquat bottle", {.user_words = words}), "accepted");
}

TEST(Password, S6_the_error_names_the_field_and_gives_the_reason) {
  const auto checked = check_password(secret("password"), {.field = "new_password"});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::invalid_argument);
  ASSERT_EQ(checked.error().fields.size(), 1U);
  EXPECT_EQ(checked.error().fields[0].field, "new_password");
  EXPECT_EQ(checked.error().fields[0].code, "password_blocked");
  EXPECT_FALSE(checked.error().fields[0].message.empty());
}

TEST(Password, a_long_password_is_judged_by_its_strongest_part) {
  EXPECT_EQ(verdict(repeated("a", 128)), "password_blocked");
  EXPECT_EQ(verdict(repeated("a", 90) + gibberish(38)), "accepted");
  EXPECT_EQ(verdict(gibberish(38) + repeated("a", 90)), "accepted");
}

TEST(Password, S2_checking_the_most_expensive_password_costs_little) {
  const auto cpu_ms = [] { return static_cast<double>(std::clock()) * 1e3 / CLOCKS_PER_SEC; };
  (void)verdict("warm the dictionary");
  for (const auto& typed : {repeated("a", 128), repeated("4@s$5011!7z2", 10), repeated("01011990", 16),
                            repeated("aab", 42), repeated("\U0001F600", 128)}) {
    const auto before = cpu_ms();
    (void)verdict(typed);
    EXPECT_LT(cpu_ms() - before, 20.0) << typed;  // a release build takes under 1 ms; sanitizers are slow
  }
}

TEST(Password, the_normalization_version_is_known) { EXPECT_FALSE(normalization_version().empty()); }

}  // namespace
}  // namespace gatehouse::credential
