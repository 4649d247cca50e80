#include "identity/user.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "identity/email.h"
#include "identity/unicode.h"
#include "identity/username.h"

namespace gatehouse::identity {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

std::string key_of(std::string_view name) {
  const auto username = parse_username(name);
  return username ? username->key : "refused: " + username.error().reason;
}

std::string reason_of(std::string_view name) {
  const auto username = parse_username(name);
  return username ? "" : username.error().reason;
}

TEST(Username, keeps_what_was_written_and_folds_the_key) {
  const auto username = parse_username("Ann.Lee_2-x");
  ASSERT_TRUE(username);
  EXPECT_EQ(username->text, "Ann.Lee_2-x");
  EXPECT_EQ(username->key, "ann.lee_2-x");
  EXPECT_EQ(username->look_alike, "ann.lee_2-x");
}

TEST(Username, S84_case_width_and_compatibility_forms_are_one_name) {
  EXPECT_EQ(key_of("ADMIN"), "admin");
  EXPECT_EQ(key_of("ａｄｍｉｎ"), "admin");  // full-width
  EXPECT_EQ(key_of("\u212Aate"), "kate");    // KELVIN SIGN
  EXPECT_EQ(key_of("o\uFB03ce"), "office");  // LATIN SMALL LIGATURE FFI
  EXPECT_EQ(key_of("stra\u00DFe"), "strasse");
  EXPECT_EQ(key_of("jos\u00E9"), key_of("jose\u0301"));  // composed and decomposed
  EXPECT_EQ(key_of("JOS\u00C9"), key_of("jos\u00E9"));
}

TEST(Username, S84_no_look_alike_of_an_ascii_name) {
  EXPECT_EQ(reason_of("\u0430\u0441\u0435"), "username_confusable");            // Cyrillic а с е
  EXPECT_EQ(reason_of("adm\u0131n"), "username_confusable");                    // dotless ı
  EXPECT_EQ(reason_of("\u0440\u0430\u0443\u0440\u0430l"), "username_invalid");  // Cyrillic with a Latin l
  EXPECT_EQ(reason_of("adm\u0456n"), "username_invalid");                       // Latin with a Cyrillic і
  EXPECT_NE(key_of("adm\u0130n"), "admin");                                     // capital I with dot
  EXPECT_EQ(reason_of("admi\u0307n"), "username_invalid");                      // a dot that cannot be seen
}

TEST(Username, S84_no_look_alike_of_an_ascii_name_in_capitals) {
  for (const std::string_view name : {"АВС", "МОР", "ΒΑΝΚ", "ΑΒΕ"})  // Cyrillic, Greek
    EXPECT_EQ(reason_of(name), "username_confusable") << name;
  for (const std::string_view name : {"мор", "Москва", "Δημήτρης"}) EXPECT_EQ(reason_of(name), "") << name;
}

TEST(Username, S84_capitals_of_two_scripts_that_look_the_same_share_a_look_alike) {
  const auto greek = parse_username("ΓΑΒ"), cyrillic = parse_username("ГАВ");
  ASSERT_TRUE(greek && cyrillic);
  EXPECT_NE(greek->look_alike, cyrillic->look_alike);
  EXPECT_EQ(greek->written_look_alike, cyrillic->written_look_alike);
}

TEST(Username, S84_controls_spaces_and_invisible_characters_are_refused) {
  for (const std::string_view name :
       {std::string_view("ann lee"), std::string_view(" ann"), std::string_view("ann "), std::string_view("ann\n"),
        std::string_view("an\0n", 4), std::string_view("an\u200Bn"), std::string_view("an\u00ADn"),
        std::string_view("an\u202En"), std::string_view("ann\uFE0F"), std::string_view("\u0301ann"),
        std::string_view("ann@example.org"), std::string_view("-ann"), std::string_view(".ann"),
        std::string_view("ann/x"), std::string_view("ann\x80"), std::string_view("ann\xC0\xAF"),
        std::string_view("ann\xED\xA0\x80"), std::string_view("ann\U000E0041"), std::string_view("ann\u0378")})
    EXPECT_EQ(reason_of(name), "username_invalid") << name;
}

TEST(Username, other_scripts_are_welcome_one_at_a_time) {
  for (const std::string_view name :
       {"москва", "δημήτρης", "山田太郎", "さくら花", "김민준", "राम_कुमार", "müller", "josé", "أحمد", "josé.p", "maria-josé", "иван.петров",
        "иван-петров9"})
    EXPECT_EQ(reason_of(name), "") << name;
  EXPECT_EQ(reason_of("ада.ada"), "username_invalid") << "of two scripts";
  EXPECT_EQ(reason_of("А.В.С"), "username_confusable");
  EXPECT_EQ(parse_username("\u0647\u0627.\u0646")->look_alike, parse_username("\u06C1\u0627.\u0646")->look_alike);
  EXPECT_NE(parse_username("müller")->look_alike, "muller");
}

TEST(Username, two_names_of_another_script_that_look_the_same_share_a_look_alike) {
  const auto one = parse_username("жора\u0455");  // ѕ
  const auto other = parse_username("жораs");
  ASSERT_TRUE(one);
  EXPECT_FALSE(other);
  const auto heh = parse_username("\u0647\u0627\u0646\u064A"), other_heh = parse_username("\u06C1\u0627\u0646\u064A");
  ASSERT_TRUE(heh && other_heh);
  EXPECT_NE(heh->key, other_heh->key);
  EXPECT_EQ(heh->look_alike, other_heh->look_alike);
}

TEST(Username, has_3_to_64_characters_counted_after_folding) {
  EXPECT_EQ(reason_of(""), "username_too_short");
  EXPECT_EQ(reason_of("ab"), "username_too_short");
  EXPECT_EQ(reason_of("abc"), "");
  EXPECT_EQ(reason_of(repeat("a", 64)), "");
  EXPECT_EQ(reason_of(repeat("a", 65)), "username_too_long");
  EXPECT_EQ(reason_of(repeat("ж", 64)), "");
  EXPECT_EQ(reason_of(repeat("ж", 65)), "username_too_long");
  EXPECT_EQ(reason_of(repeat("a", 1'000'000)), "username_too_long");
  EXPECT_EQ(reason_of(repeat("\uFB03", 22)), "username_too_long");  // folds to 66
}

TEST(Username, folding_a_key_again_changes_nothing) {
  for (const std::string_view name : {"Ann", "ＡＮＮ", "Straße", "МОСКВА", "Ǆana", "ΔΗΜΉΤΡΗΣ", "ｶﾀｶﾅ"}) {
    const auto username = parse_username(name);
    if (!username) continue;
    const auto again = parse_username(username->key);
    ASSERT_TRUE(again) << name;
    EXPECT_EQ(again->key, username->key);
    EXPECT_EQ(again->look_alike, username->look_alike);
  }
}

TEST(Email, S84_one_form_per_address) {
  const auto email = parse_email("Ann.Lee+news@EXAMPLE.org");
  ASSERT_TRUE(email);
  EXPECT_EQ(email->text, "Ann.Lee+news@example.org");
  EXPECT_EQ(email->key, "ann.lee+news@example.org");
  EXPECT_EQ(parse_email("ann@münchen.de")->key, "ann@xn--mnchen-3ya.de");
  EXPECT_EQ(parse_email("ann@MÜNCHEN.de")->key, "ann@xn--mnchen-3ya.de");
  EXPECT_EQ(parse_email("ann@XN--MNCHEN-3YA.de")->key, "ann@xn--mnchen-3ya.de");
  EXPECT_EQ(parse_email("ann@ｅｘａｍｐｌｅ.org")->key, "ann@example.org");
}

TEST(Email, S84_what_is_no_address_is_refused) {
  for (const std::string_view text : {"",
                                      "ann",
                                      "@example.org",
                                      "ann@",
                                      "ann@localhost",
                                      "ann@example.org.",
                                      "ann@.example.org",
                                      "ann@exa..mple.org",
                                      ".ann@example.org",
                                      "ann.@example.org",
                                      "a..n@example.org",
                                      "a b@example.org",
                                      "\"ann\"@example.org",
                                      "ann@-x.org",
                                      "ann@x-.org",
                                      "ann@ex_ample.org",
                                      "ann@127.0.0.1",
                                      "ann@[127.0.0.1]",
                                      "ann@example.org ",
                                      " ann@example.org",
                                      "ann@example.org\r\nBcc: x@y.org",
                                      "an\u00E9@example.org",
                                      "ann@exa\u200Bmple.org",
                                      "ann@xn--\u00E9.org",
                                      "ann@xn--a.org",
                                      "ann@example.org,bob@example.org",
                                      "<ann@example.org>",
                                      "-f@example.org",
                                      "ann@b@example.org"})
    EXPECT_FALSE(parse_email(text)) << text;
  EXPECT_FALSE(parse_email(std::string_view("ann\0@example.org", 16)));
  EXPECT_FALSE(parse_email(repeat("a", 65) + "@example.org"));
  EXPECT_TRUE(parse_email(repeat("a", 64) + "@example.org"));
  EXPECT_FALSE(parse_email("a@" + repeat("a", 64) + ".org"));
  EXPECT_FALSE(parse_email("a@" + repeat("a.", 130) + "org"));
  EXPECT_FALSE(parse_email(repeat("a", 1'000'000)));
}

TEST(Email, the_error_names_the_field_it_was_given) {
  EXPECT_EQ(parse_email("x", "value").error().fields.at(0).field, "value");
}

TEST(DisplayName, S4_is_normalised_trimmed_and_visible) {
  EXPECT_EQ(parse_display_name("  Ann Lee ").value(), "Ann Lee");
  EXPECT_EQ(parse_display_name("Jose\u0301").value(), "Jos\u00E9");
  EXPECT_EQ(parse_display_name("").value(), "");
  EXPECT_TRUE(parse_display_name("👩\u200D🚀 Ann"));
  EXPECT_EQ(parse_display_name("a\u202Eb").error().reason, "display_name_invalid");
  EXPECT_EQ(parse_display_name("a\nb").error().reason, "display_name_invalid");
  EXPECT_EQ(parse_display_name("a\xFF").error().reason, "display_name_invalid");
  EXPECT_EQ(parse_display_name("\u3000\u3000").error().reason, "display_name_invalid");
  EXPECT_TRUE(parse_display_name(repeat("é", 100)));
  EXPECT_EQ(parse_display_name(repeat("é", 101)).error().reason, "display_name_too_long");
  EXPECT_EQ(parse_display_name(repeat("a", 1'000'000)).error().reason, "display_name_too_long");
}

TEST(Locale, is_a_language_tag_in_canonical_spelling) {
  EXPECT_EQ(parse_locale("").value(), "");
  EXPECT_EQ(parse_locale("en").value(), "en");
  EXPECT_EQ(parse_locale("PT-br").value(), "pt-BR");
  EXPECT_EQ(parse_locale("zh-hant-tw").value(), "zh-Hant-TW");
  for (const std::string_view text : {"e", "en_US", "en-", "-en", "en US", "../../etc", "en--US", "\u0435n"})
    EXPECT_FALSE(parse_locale(text)) << text;
  EXPECT_FALSE(parse_locale(repeat("en-", 100)));
}

TEST(FieldErrors, says_all_that_is_wrong_at_once) {
  FieldErrors errors;
  errors.add(parse_username("x")).add(parse_email("y")).add(parse_locale("en"));
  const auto failed = errors.failure();
  EXPECT_EQ(failed.error().code, Code::invalid_argument);
  ASSERT_EQ(failed.error().fields.size(), 2U);
  EXPECT_EQ(failed.error().fields[0].code, "username_too_short");
  EXPECT_EQ(failed.error().fields[1].code, "email_invalid");
}

TEST(UserStatus, only_a_pending_user_is_activated_or_released_and_never_disabled) {
  EXPECT_TRUE(decide_activation(v1::USER_STATUS_PENDING).value());
  EXPECT_FALSE(decide_activation(v1::USER_STATUS_ACTIVE).value());
  EXPECT_EQ(decide_activation(v1::USER_STATUS_DISABLED).error().reason, "user_disabled");
  EXPECT_TRUE(can_release(v1::USER_STATUS_PENDING));
  EXPECT_FALSE(can_release(v1::USER_STATUS_ACTIVE) || can_release(v1::USER_STATUS_DISABLED));
  EXPECT_EQ(decide_disabled(v1::USER_STATUS_PENDING, true).error().reason, "user_pending");
  EXPECT_TRUE(decide_disabled(v1::USER_STATUS_ACTIVE, true).value());
  EXPECT_FALSE(decide_disabled(v1::USER_STATUS_ACTIVE, false).value());
  EXPECT_TRUE(decide_disabled(v1::USER_STATUS_DISABLED, false).value());
}

}  // namespace
}  // namespace gatehouse::identity
