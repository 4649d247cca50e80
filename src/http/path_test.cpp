#include "http/path.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::http {
namespace {

std::string canonical(std::string path) {
  const auto size = canonicalise_path(path.data(), path.size());
  return size ? path.substr(0, *size) : "refused: " + std::string(size.error());
}

TEST(Path, S62_has_one_spelling) {
  EXPECT_EQ(canonical("/"), "/");
  EXPECT_EQ(canonical("/api/v1/users/me"), "/api/v1/users/me");
  EXPECT_EQ(canonical("/.well-known/jwks.json"), "/.well-known/jwks.json");
  EXPECT_EQ(canonical("/%61%50%49/%7e%2D%5f%2Ea"), "/aPI/~-_.a");
  EXPECT_EQ(canonical("/a%20b/caf%c3%a9"), "/a%20b/caf%C3%A9");
  EXPECT_EQ(canonical("/app/"), "/app/");
  EXPECT_EQ(canonical("/a:b@c!$&'()*+,=~"), "/a:b@c!$&'()*+,=~");
}

TEST(Path, S62_what_two_programs_could_read_differently_is_refused) {
  for (const auto* path : {"/..", "/.", "/a/../b", "/a/./b", "/a/..", "/%2e%2e/a", "/a/%2E", "/.%2e/a"})
    EXPECT_EQ(canonical(path), "refused: path_dot_segment") << path;
  for (const auto* path : {"//", "//a", "/a//b", "/a//"}) EXPECT_EQ(canonical(path), "refused: path_empty_segment") << path;
  for (const auto* path : {"/a%2fb", "/a%2Fb", "/a%5Cb", "/a%3bb"})
    EXPECT_EQ(canonical(path), "refused: path_encoded_separator") << path;
  for (const auto* path : {"/%252e", "/%25", "/a%252fb"}) EXPECT_EQ(canonical(path), "refused: path_double_encoding") << path;
  for (const auto* path : {"/a;b", "/..;/a", "/a\\b", "/a b", "/\xc3\xa9", "/a\"", "/<", "/{a}", "/a^", "/a|b", "/`", "/[a]"})
    EXPECT_EQ(canonical(path), "refused: path_character") << path;
  for (const auto* path : {"/a%00", "/%0d%0aX", "/%09", "/%1f", "/%7F"})
    EXPECT_EQ(canonical(path), "refused: path_control_character") << path;
  for (const auto* path : {"/a%", "/a%2", "/a%zz", "/%g0"}) EXPECT_EQ(canonical(path), "refused: path_escape") << path;
  for (const auto* path : {"/a.", "/a./b", "/a%20", "/a%20/b", "/a%2e", "/..."})
    EXPECT_EQ(canonical(path), "refused: path_segment_end") << path;
  for (const auto* path : {"", "a", "*"}) EXPECT_EQ(canonical(path), "refused: path_not_absolute") << path;
}

TEST(Path, S62_overlong_and_broken_utf8_is_refused) {
  for (const auto* path : {"/%c0%ae", "/%c0%af", "/%e0%80%af", "/%f0%80%80%af", "/%ed%a0%80", "/%f4%90%80%80", "/%f5%80%80%80",
                           "/%80", "/%c3", "/%c3a", "/%c3/%a9", "/%c3%41", "/%ff", "/%e2%82", "/%e2%82%20"})
    EXPECT_EQ(canonical(path), "refused: path_not_utf8") << path;
  EXPECT_EQ(canonical("/%f0%9f%98%80"), "/%F0%9F%98%80");
  EXPECT_EQ(canonical("/%f4%8f%bf%bf"), "/%F4%8F%BF%BF");
}

TEST(Path, canonical_form_is_a_fixed_point) {
  for (const auto* path : {"/%61/%c3%a9", "/a%3Fb", "/x%20y/z", "/-._~", "/a/"}) {
    const auto once = canonical(path);
    EXPECT_EQ(canonical(once), once);
  }
}

TEST(Path, a_query_is_visible_ascii_with_whole_escapes) {
  for (const auto* query : {"", "a=b", "a=%20&b[]=c", "q={x}|y", "a=/?:@"}) EXPECT_TRUE(is_valid_query(query)) << query;
  for (const auto* query : {"a b", "a=%", "a=%2", "a=%zz", "a#b", "a=\"", "<", "\\", "\x7f", "\xc3\xa9", "\t"})
    EXPECT_FALSE(is_valid_query(query)) << query;
}

}  // namespace
}  // namespace gatehouse::http
