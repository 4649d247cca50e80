#include "auth/page_token.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "crypto/aead.h"

namespace gatehouse::auth {
namespace {

SecretKey key(std::uint8_t fill) {
  std::array<std::uint8_t, 32> raw{};
  raw.fill(fill);
  return SecretKey(raw);
}

const SessionId last{*Uuid::parse("01890a5d-ac96-774b-bcce-b302099a8057")};

TEST(PageToken, S95_leads_back_to_where_the_page_ended) {
  SystemRandom random;
  const auto text = make_page_token(key(1), "user", last, random);
  EXPECT_EQ(parse_page_token(key(1), "user", text).value(), last);
  EXPECT_EQ(text.find(last.str()), std::string::npos);
}

TEST(PageToken, S95_of_another_person_list_or_installation_is_refused) {
  SystemRandom random;
  const auto text = make_page_token(key(1), "user", last, random);
  EXPECT_EQ(parse_page_token(key(1), "other", text).error().reason, "page_token_invalid");
  EXPECT_EQ(parse_page_token(key(2), "user", text).error().reason, "page_token_invalid");
  const auto other_list = to_base64url(crypto::seal(key(1), as_view(last.value.bytes), "auth.other/1:user", random));
  EXPECT_EQ(parse_page_token(key(1), "user", other_list).error().reason, "page_token_invalid");
}

TEST(PageToken, S95_forged_altered_or_oversized_is_refused) {
  SystemRandom random;
  const auto text = make_page_token(key(1), "user", last, random);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(parse_page_token(key(1), "user", changed)) << i;
  }
  for (const std::string& wrong : {std::string(), std::string("1"), last.str(), std::string("' OR 1=1 --"),
                                   std::string(1'000'000, 'A'), text + "A", text.substr(1)})
    EXPECT_EQ(parse_page_token(key(1), "user", wrong).error().code, Code::invalid_argument) << wrong.size();
}

}  // namespace
}  // namespace gatehouse::auth
