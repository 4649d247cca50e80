#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <fstream>
#include <sstream>

#include "drivers/mail/eml_sender.h"
#include "drivers/mail/rfc5322.h"
#include "runtime/shard.h"

namespace gatehouse::mail {
namespace {

Message sample() {
  return {.id = "018bcfe5-687b-7000-8000-000000000001",
          .from = "Gatehouse <no-reply@example.org>",
          .to = "alice@example.com",
          .subject = "Your code",
          .text = "Hello,\n\n    12345678\n",
          .language = "en",
          .date = from_ms(1'700'000'000'123)};
}

std::string text_of(const Message& message) {
  const auto text = to_rfc5322(message);
  EXPECT_TRUE(text) << text.error().detail;
  return text.value_or("");
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Rfc5322, a_plain_mail_is_readable_as_it_is) {
  EXPECT_EQ(text_of(sample()),
            "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
            "From: \"Gatehouse\"\r\n <no-reply@example.org>\r\n"
            "To: alice@example.com\r\n"
            "Subject: Your code\r\n"
            "Message-ID: <018bcfe5-687b-7000-8000-000000000001@example.org>\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "Content-Language: en\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "\r\n"
            "Hello,\r\n\r\n    12345678\r\n");
}

TEST(Rfc5322, header_injection_is_refused_in_every_header) {
  const std::string evils[] = {"a\r\nBcc: victim@example.com", "a\nb", "a\rb", std::string("a\0b", 3), "a\x7f", "a\x1b[31m", "\xff"};
  for (const auto& evil : evils) {
    auto subject = sample(), to = sample(), from = sample(), id = sample(), language = sample(), name = sample();
    subject.subject = evil;
    to.to = evil + "@example.com";
    from.from = evil + "@example.com";
    name.from = evil + " <a@example.com>";
    id.id = evil;
    language.language = evil;
    for (const auto& message : {subject, to, from, id, language, name}) {
      const auto refused = to_rfc5322(message);
      ASSERT_FALSE(refused) << evil;
      EXPECT_EQ(refused.error().reason, "mail_malformed");
    }
  }
}

TEST(Rfc5322, more_than_one_recipient_is_refused) {
  for (const auto* to : {"a@example.com, b@example.com", "a@example.com>, <b@example.com", "\"a,b\"@example.com", "a@b@example.com",
                         "a", "@example.com", "a@", "Alice <a@example.com>", "a@example.com;b", "-oQ@example.com", "a b@example.com"}) {
    auto message = sample();
    message.to = to;
    EXPECT_FALSE(to_rfc5322(message)) << to;
  }
}

TEST(Rfc5322, headers_beyond_ascii_are_encoded_words_on_short_lines) {
  auto message = sample();
  message.subject = "Dein Best\u00e4tigungscode f\u00fcr das gro\u00dfe Torhaus am Fluss \u2014 bitte nicht weitergeben";
  message.from = "T\u00f6rhaus <no-reply@example.org>";
  const auto text = text_of(message);
  EXPECT_TRUE(has(text, "Subject: =?UTF-8?B?"));
  EXPECT_TRUE(has(text, "From: =?UTF-8?B?VMO2cmhhdXM=?=\r\n <no-reply@example.org>"));
  EXPECT_LE(longest_line(text), 78U);
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
}

TEST(Rfc5322, text_that_looks_like_an_encoded_word_is_not_taken_for_one) {
  auto message = sample();
  message.subject = "=?UTF-8?B?QUJD?=";
  EXPECT_FALSE(has(text_of(message), "QUJD"));
}

TEST(Rfc5322, a_quote_in_the_senders_name_is_escaped) {
  auto message = sample();
  message.from = "The \"Gate\", Inc. <no-reply@example.org>";
  EXPECT_TRUE(has(text_of(message), R"(From: "The \"Gate\", Inc.")"));
}

TEST(Rfc5322, a_body_beyond_ascii_is_quoted_printable_with_digits_readable) {
  auto message = sample();
  message.text = "Gr\u00fc\u00dfe = 1\n12345678\nends in a space \n" + std::string(200, 'x') + "\n";
  const auto text = text_of(message);
  EXPECT_TRUE(has(text, "quoted-printable"));
  EXPECT_TRUE(has(text, "Gr=C3=BC=C3=9Fe =3D 1\r\n12345678\r\nends in a space=20\r\n"));
  EXPECT_LE(longest_line(text), 77U);
}

class EmlSenderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string made = (std::filesystem::temp_directory_path() / "gatehouse-mail-XXXXXX").string();
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder_ = made;
    shard_.start();
    sender_ = make_eml_sender(folder_ / "mail", clock_);
  }
  void TearDown() override {
    sender_.reset();
    shard_.stop();
    std::filesystem::remove_all(folder_);
  }
  Result<void> send(Message message) {
    return asio::co_spawn(shard_.executor(), sender_->send(Call{}, std::move(message)), asio::use_future).get();
  }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "mail")) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }

  const SystemClock clock_;
  std::filesystem::path folder_;
  Shard shard_{0};
  std::unique_ptr<Sender> sender_;
};

TEST_F(EmlSenderTest, writes_a_private_file_whose_name_sorts_by_time) {
  auto later = sample();
  later.date += std::chrono::hours{1};
  later.id = "00000000-0000-7000-8000-000000000000";
  ASSERT_TRUE(send(later));
  ASSERT_TRUE(send(sample()));
  ASSERT_EQ(names(), (std::vector<std::string>{"20231114T221320.123Z-018bcfe5-687b-7000-8000-000000000001.eml",
                                               "20231114T231320.123Z-00000000-0000-7000-8000-000000000000.eml"}));
  struct stat found{};
  ASSERT_EQ(::stat((folder_ / "mail" / names()[0]).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat((folder_ / "mail").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700U);
  std::ifstream file(folder_ / "mail" / names()[0]);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), text_of(sample()));
}

TEST_F(EmlSenderTest, S91_the_same_mail_sent_again_is_the_same_file) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(send(sample()));
  EXPECT_EQ(names().size(), 1U);
}

TEST_F(EmlSenderTest, S18_a_mail_that_is_not_to_be_delivered_leaves_no_file) {
  auto message = sample();
  message.is_delivered = false;
  ASSERT_TRUE(send(message));
  EXPECT_TRUE(names().empty());
}

TEST_F(EmlSenderTest, an_id_cannot_lead_out_of_the_folder) {
  auto message = sample();
  message.id = "../../etc/passwd";
  EXPECT_EQ(send(message).error().reason, "mail_malformed");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "mail"));
}

TEST_F(EmlSenderTest, a_folder_that_cannot_be_made_is_unavailable_and_works_once_it_can) {
  std::ofstream(folder_ / "mail") << "in the way";
  const auto refused = send(sample());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_EQ(refused.error().reason, "mail_unwritable");
  std::filesystem::remove(folder_ / "mail");
  EXPECT_TRUE(send(sample()));
}

}  // namespace
}  // namespace gatehouse::mail
