#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/id.h"

namespace gatehouse {
namespace {

TEST(Base64Url, round_trips_every_length_of_remainder) {
  for (const std::string_view text : {"", "a", "ab", "abc", "\x01\xff\x80"})
    EXPECT_EQ(from_base64url(to_base64url(text)), text);
}

TEST(Base64Url, refuses_padding_white_space_the_other_alphabet_and_loose_bits) {
  for (const auto* text : {"YQ==", "YQ ", " YQ", "YR", "a+b_", "a/b_", "A", "YWJjZA\n"})
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

TEST(Uuid, parses_only_its_own_text_form) {
  SeededRandom random(1);
  const auto id = Uuid::make_v7(from_ms(1'700'000'000'123), random);
  EXPECT_EQ(Uuid::parse(id.str()), id);
  EXPECT_EQ(id.str()[14], '7');
  EXPECT_EQ(id.str().substr(0, 13), "018bcfe5-687b");
  auto upper = id.str();
  upper[0] = 'A';
  EXPECT_EQ(Uuid::parse(upper), std::nullopt);
  EXPECT_EQ(Uuid::parse(id.str() + "0"), std::nullopt);
}

TEST(Rfc3339, round_trips_and_refuses_dates_that_do_not_exist) {
  EXPECT_EQ(to_rfc3339(from_ms(1'700'000'000'123)), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(from_rfc3339("2023-11-14T22:13:20.123Z"), from_ms(1'700'000'000'123));
  EXPECT_EQ(to_rfc3339(from_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(from_ms(951'868'799'009)), "2000-02-29T23:59:59.009Z");
  EXPECT_EQ(from_rfc3339("2023-02-30T22:13:20Z"), std::nullopt);
  EXPECT_EQ(from_rfc3339("2023-11-14T22:13:20+00:00"), std::nullopt);
}

TEST(ConstantTimeEquality, agrees_with_ordinary_equality) {
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("secret", "secre"));
}

}  // namespace
}  // namespace gatehouse
