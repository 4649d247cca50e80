#include "http/chunked.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace gatehouse::http {
namespace {

using Progress = ChunkedDecoder::Progress;

struct Decoded {
  Progress progress;
  std::string body;
  std::size_t consumed = 0;
};
Decoded decode(std::string_view raw, std::size_t body_bytes_max = 1000) {
  ChunkedDecoder decoder(body_bytes_max);
  Decoded result{};
  result.progress = decoder.feed(raw, result.body, result.consumed);
  return result;
}

TEST(ChunkedDecoder, joins_the_chunks_and_leaves_what_follows) {
  const auto result = decode("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /");
  EXPECT_EQ(result.progress, Progress::complete);
  EXPECT_EQ(result.body, "hello world");
  EXPECT_EQ(result.consumed, 26U);
}

TEST(ChunkedDecoder, S75_trailers_are_checked_and_never_become_anything) {
  const auto result = decode("0\r\nx-user-id: 7\r\ncontent-length: 9\r\n\r\n");
  EXPECT_EQ(result.progress, Progress::complete);
  EXPECT_EQ(result.body, "");
  EXPECT_EQ(decode("0\r\nx-user-id : 7\r\n\r\n").progress, Progress::refused);
  EXPECT_EQ(decode("0\r\na: " + std::string(limits::trailer_section_bytes_max, 'b') + "\r\n\r\n").progress, Progress::refused);
}

TEST(ChunkedDecoder, S75_sizes_are_hex_digits_and_cannot_overflow) {
  for (const auto* raw : {"FFFFFFFFFFFFFFFF1\r\n", "0x5\r\n", "+5\r\n", "-1\r\n", " 5\r\n", "5 \r\n", "g\r\n", "\r\n", "5\n", "5\r5"})
    EXPECT_EQ(decode(raw).progress, Progress::refused) << raw;
  EXPECT_EQ(decode("FFFFFFFFFFFFFFF\r\n").progress, Progress::too_large);
}

TEST(ChunkedDecoder, S75_extensions_are_bounded_over_the_whole_body) {
  const std::string extension(limits::chunk_extension_bytes_max / 2, 'a');
  const std::string chunk = "1;" + extension + "\r\nx\r\n";
  EXPECT_EQ(decode("1;" + extension + "\r\nx\r\n0\r\n\r\n").progress, Progress::complete);
  EXPECT_EQ(decode(chunk + chunk + "0\r\n\r\n").progress, Progress::refused);
}

TEST(ChunkedDecoder, a_body_above_its_limit_is_too_large_before_it_is_read) {
  EXPECT_EQ(decode("a\r\n0123456789\r\n0\r\n\r\n", 10).progress, Progress::complete);
  const auto result = decode("5\r\nhello\r\n6\r\n", 10);
  EXPECT_EQ(result.progress, Progress::too_large);
  EXPECT_EQ(result.body, "hello");
}

TEST(ChunkedDecoder, gives_the_same_answer_for_every_split) {
  const std::string raw = "3;x=y\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
  for (std::size_t cut = 1; cut < raw.size(); ++cut) {
    ChunkedDecoder decoder(100);
    std::string body;
    std::size_t consumed = 0;
    ASSERT_EQ(decoder.feed(std::string_view(raw).substr(0, cut), body, consumed), Progress::incomplete);
    EXPECT_EQ(consumed, cut);
    ASSERT_EQ(decoder.feed(std::string_view(raw).substr(cut), body, consumed), Progress::complete);
    EXPECT_EQ(body, "abc0123456789");
  }
}

}  // namespace
}  // namespace gatehouse::http
