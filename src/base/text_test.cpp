#include <gtest/gtest.h>

#include "base/edit_distance.h"
#include "base/utf8.h"

namespace gatehouse {
namespace {

TEST(Utf8, every_length_is_read) {
  EXPECT_EQ(decode_utf8("a").value, U'a');
  EXPECT_EQ(decode_utf8("é").value, U'é');
  EXPECT_EQ(decode_utf8("€").bytes, 3U);
  EXPECT_EQ(decode_utf8("\xF0\x9F\x9A\xAA").value, U'\U0001F6AA');
  EXPECT_TRUE(is_utf8("ada é € \xF0\x9F\x9A\xAA"));
  EXPECT_TRUE(is_utf8(""));
}

TEST(Utf8, what_is_not_utf8_is_refused) {
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF8\x88\x80\x80\x80", "\xFF\xFE", "a\xC3("})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(EditDistance, counts_insertions_deletions_and_changes) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("serve", "serve"), 0U);
  EXPECT_EQ(edit_distance("srve", "serve"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
}

}  // namespace
}  // namespace gatehouse
