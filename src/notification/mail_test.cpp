#include "notification/mail.h"

#include <gtest/gtest.h>

#include "json/reader.h"
#include "notification/sealed.h"
#include "notification/templates.h"

namespace gatehouse::notification {
namespace {

const WallTime noon = from_ms(1'700'000'000'000);  // 2023-11-14T22:13:20Z

events::Event event_of(std::string type) { return {.event_id = "e-1", .event_type = std::move(type), .subject = "u-1"}; }

Result<std::optional<Draft>> draft(const std::string& type, std::string_view data, WallTime now = noon) {
  return draft_for(event_of(type), json::read_object(data).value(), "Torhaus", now);
}

constexpr std::string_view challenge =
    R"({"type":"email","purpose":"verify","value":"a@example.com","code":"12345678","expires_at":"2023-11-14T22:23:20.000Z","locale":"en"})";

std::string with(std::string_view what, std::string_view instead) {
  std::string text(challenge);
  return text.replace(text.find(what), what.size(), instead);
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Draft, a_user_with_an_address_is_welcomed_and_one_without_is_not) {
  const auto welcome = draft("user.created.v1", R"({"username":"alice","email":"a@example.com","locale":"en"})").value();
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->which, Template::welcome);
  EXPECT_EQ(welcome->letter.to, "a@example.com");
  EXPECT_EQ(welcome->letter.subject, "Welcome to Torhaus");
  EXPECT_TRUE(has(welcome->letter.text, "    alice\n"));
  EXPECT_FALSE(welcome->expires_at);
  EXPECT_FALSE(draft("user.created.v1", R"({"username":"alice","locale":"en"})").value());
}

TEST(Draft, a_code_mail_says_product_code_validity_and_what_to_do_when_it_was_not_you) {
  for (const auto* purpose : {"verify", "recover"}) {
    const auto mail = draft("challenge.created.v1", with("\"verify\"", "\"" + std::string(purpose) + "\"")).value();
    ASSERT_TRUE(mail);
    EXPECT_EQ(mail->which, purpose == std::string_view("verify") ? Template::verify : Template::recovery);
    for (const auto* part : {"Torhaus", "a@example.com", "\n    12345678\n", "10 minutes", "until 22:23 UTC", "If this was not you, ignore"})
      EXPECT_TRUE(has(mail->letter.text, part)) << part << "\n" << mail->letter.text;
    EXPECT_FALSE(has(mail->letter.subject, "12345678")) << "a subject shows on locked screens";
    EXPECT_EQ(mail->expires_at, noon + std::chrono::minutes{10});
  }
}

TEST(Draft, S18_a_recovery_of_nobodys_account_is_written_like_any_other) {
  const auto decoy = draft("challenge.created.v1", with("\"verify\"", "\"decoy\"")).value();
  const auto real = draft("challenge.created.v1", with("\"verify\"", "\"recover\"")).value();
  ASSERT_TRUE(decoy && real);
  EXPECT_EQ(decoy->which, Template::decoy);
  EXPECT_EQ(decoy->letter.text, real->letter.text);
  EXPECT_EQ(priority_of(decoy->which), priority_of(real->which));
}

TEST(Draft, the_language_follows_the_locale_and_is_english_when_we_have_no_other) {
  for (const auto* locale : {"de", "de-AT", "DE_ch"})
    EXPECT_EQ(draft("challenge.created.v1", with("\"en\"", "\"" + std::string(locale) + "\"")).value()->letter.language, "de");
  for (const auto* locale : {"", "en-GB", "fr", "deu", "d"})
    EXPECT_EQ(draft("challenge.created.v1", with("\"en\"", "\"" + std::string(locale) + "\"")).value()->letter.language, "en");
  EXPECT_TRUE(has(draft("challenge.created.v1", with("\"en\"", "\"de\"")).value()->letter.text, "10 Minuten, bis 22:23 Uhr UTC"));
}

TEST(Draft, a_code_that_has_expired_or_does_not_go_by_mail_is_not_sent) {
  EXPECT_FALSE(draft("challenge.created.v1", challenge, noon + std::chrono::minutes{10}).value());
  EXPECT_FALSE(draft("challenge.created.v1", with("\"email\"", "\"phone\"")).value());
}

TEST(Draft, data_that_lacks_what_its_type_promises_is_refused) {
  for (const auto* data : {R"({})", R"({"username":7})", R"({"username":"alice","email":7})"})
    EXPECT_EQ(draft("user.created.v1", data).error().reason, "event_malformed");
  for (const auto& data : {std::string("{}"), with("\"12345678\"", "\"\""), with("\"12345678\"", "12345678"), with("2023-11-14T", "yesterday"), with("\"verify\"", "\"spam\"")})
    EXPECT_EQ(draft("challenge.created.v1", data).error().reason, "event_malformed") << data;
}

TEST(Draft, only_two_kinds_of_events_ask_for_mail) {
  EXPECT_TRUE(asks_for_mail("user.created.v1"));
  EXPECT_TRUE(asks_for_mail("challenge.created.v1"));
  EXPECT_FALSE(asks_for_mail("user.updated.v1"));
  EXPECT_FALSE(asks_for_mail("user.created.v2"));
}

TEST(Template, a_value_cannot_bring_lines_of_its_own_into_a_mail) {
  const auto text = welcome_text(Language::english, "Torhaus", "eve\r\n\r\nYour bank asks:\u2028\u202E\u2066now\x1b[1m\xC2\x85");
  EXPECT_TRUE(has(text.body, "    eveYour bank asks:now[1m\n"));
}

TEST(Retry, backs_off_longer_and_longer_and_gives_up_after_its_last_try) {
  SeededRandom random(1);
  QueuedMail mail;
  Milliseconds longest{1'000};
  for (std::uint32_t tries = 1; tries < mail_attempts_max; ++tries) {
    const auto after = after_failure(mail, Code::unavailable, noon, random);
    ASSERT_FALSE(after.is_given_up) << tries;
    EXPECT_EQ(after.attempts, tries);
    EXPECT_GE(after.next_at - noon, longest / 2);
    EXPECT_LE(after.next_at - noon, longest);
    mail.attempts = after.attempts;
    longest = std::min(longest * 2, backoff_max);
  }
  EXPECT_TRUE(after_failure(mail, Code::unavailable, noon, random).is_given_up);
}

TEST(Retry, gives_up_at_once_on_what_no_try_can_help_and_on_a_code_that_would_come_too_late) {
  SeededRandom random(1);
  EXPECT_TRUE(after_failure({}, Code::invalid_argument, noon, random).is_given_up);
  EXPECT_TRUE(after_failure({.expires_at = noon + Milliseconds{400}}, Code::unavailable, noon, random).is_given_up);
  EXPECT_FALSE(after_failure({.expires_at = noon + Milliseconds{60'000}}, Code::unavailable, noon, random).is_given_up);
}

TEST(SealedLetter, opens_for_its_own_row_under_its_own_key_only) {
  SeededRandom random(1);
  const auto key = subject_key(std::string(32, 'k')).value().copy();
  const auto other = subject_key(std::string(32, 'o')).value().copy();
  const Letter letter{.to = "a@example.com", .subject = "s", .text = "line\n\"12345678\"", .language = "en"};
  const auto box = seal_letter(letter, key, "e-1", random);
  EXPECT_FALSE(has(box, "12345678"));
  EXPECT_EQ(open_letter(box, key, "e-1").value().text, letter.text);
  EXPECT_EQ(open_letter(box, key, "e-2").error().reason, "sealed_box_broken");
  EXPECT_EQ(open_letter(box, other, "e-1").error().reason, "sealed_box_broken");
  EXPECT_FALSE(subject_key("short"));
}

}  // namespace
}  // namespace gatehouse::notification
