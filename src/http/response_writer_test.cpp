#include "http/response_writer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "http/gzip.h"

namespace gatehouse::http {
namespace {

std::string write(const Response& response, ResponseFrame frame = {}) {
  WriteBuffer out;
  CommonFields common;
  common.refresh(from_ms(784'111'777'000));
  if (!append_response(out, response, response.body, frame, common)) return "refused " + std::to_string(out.size());
  return std::string(out.view());
}

Response json(int status, std::string body) { return {.status = status, .body = std::move(body)}; }

TEST(ResponseWriter, writes_status_date_type_length_and_body) {
  EXPECT_EQ(write(json(200, "{}")),
            "HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nx-content-type-options: nosniff\r\n"
            "content-type: application/json\r\ncontent-length: 2\r\n\r\n{}");
}

TEST(ResponseWriter, S67_never_names_the_server) { EXPECT_EQ(write(json(200, "{}")).find("server:"), std::string::npos); }

TEST(ResponseWriter, head_has_the_length_of_get_and_no_body) {
  const auto text = write(json(200, "{}"), {.is_head = true});
  EXPECT_NE(text.find("content-length: 2\r\n"), std::string::npos);
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

TEST(ResponseWriter, head_without_a_body_may_state_the_length_it_would_have) {
  auto response = json(200, "");
  response.with("content-length", "1234");
  EXPECT_NE(write(response, {.is_head = true}).find("content-length: 1234\r\n"), std::string::npos);
  EXPECT_NE(write(response).find("content-length: 0\r\n"), std::string::npos);
}

TEST(ResponseWriter, no_content_and_not_modified_have_neither_body_nor_length) {
  for (const int status : {204, 304}) {
    const auto text = write(json(status, "must not be sent"));
    EXPECT_EQ(text.find("content-length"), std::string::npos);
    EXPECT_EQ(text.find("content-type:"), std::string::npos);
    EXPECT_TRUE(text.ends_with("\r\n\r\n"));
  }
}

TEST(ResponseWriter, S68_a_field_value_with_cr_lf_or_nul_is_refused_and_nothing_is_written) {
  for (const auto& value : {std::string("a\r\nset-cookie: x"), std::string("a\nb"), std::string("a\0b", 3), std::string("\r")}) {
    auto response = json(200, "{}");
    response.with("location", value);
    EXPECT_EQ(write(response), "refused 0");
  }
}

TEST(ResponseWriter, a_status_that_is_not_final_is_refused) {
  for (const int status : {0, 100, 101, 199, 600, -1}) EXPECT_EQ(write(json(status, "{}")), "refused 0") << status;
}

TEST(ResponseWriter, a_handler_cannot_touch_the_framing) {
  auto response = json(200, "{}");
  response.with("content-length", "7").with("transfer-encoding", "chunked").with("connection", "upgrade").with("x-a", "1");
  const auto text = write(response);
  EXPECT_EQ(text.find("content-length: 7"), std::string::npos);
  EXPECT_EQ(text.find("transfer-encoding"), std::string::npos);
  EXPECT_EQ(text.find("connection"), std::string::npos);
  EXPECT_NE(text.find("x-a: 1\r\n"), std::string::npos);
}

TEST(ResponseWriter, says_what_becomes_of_the_connection) {
  EXPECT_NE(write(json(200, "{}"), {.keeps_alive = false}).find("connection: close\r\n"), std::string::npos);
  EXPECT_NE(write(json(200, "{}"), {.is_http_1_0 = true}).find("connection: keep-alive\r\n"), std::string::npos);
}

TEST(ResponseWriter, a_compressed_response_says_so_and_weakens_its_etag) {
  auto response = json(200, "{}");
  response.with("etag", "\"7\"");
  const auto text = write(response, {.is_gzipped = true, .varies_by_encoding = true});
  EXPECT_NE(text.find("etag: W/\"7\"\r\n"), std::string::npos);
  EXPECT_NE(text.find("vary: accept-encoding\r\n"), std::string::npos);
  EXPECT_NE(text.find("content-encoding: gzip\r\n"), std::string::npos);
}

TEST(ResponseWriter, appends_several_responses_to_one_buffer) {
  WriteBuffer out;
  CommonFields common;
  common.refresh(from_ms(0));
  const auto response = json(404, std::string(5000, 'x'));
  ASSERT_TRUE(append_response(out, response, response.body, {}, common));
  const auto one = out.size();
  ASSERT_TRUE(append_response(out, response, response.body, {}, common));
  EXPECT_EQ(out.size(), 2 * one);
  EXPECT_EQ(out.view().substr(0, one), out.view().substr(one));
}

TEST(Gzip, is_wanted_only_when_the_client_says_so) {
  for (const auto* list : {"gzip", "gzip, deflate, br", "deflate, GZIP;q=0.5", "*", "br;q=1.0, gzip;q=0.001", "identity, *;q=0.1"})
    EXPECT_TRUE(accepts_gzip(list)) << list;
  for (const auto* list : {"", "identity", "gzip;q=0", "gzip; q=0.000, *", "*;q=0", "xgzip", "br, deflate"})
    EXPECT_FALSE(accepts_gzip(list)) << list;
}

TEST(Gzip, a_reused_stream_compresses_each_body_by_itself) {
  Compressor compressor;
  for (int round = 0; round < 3; ++round) {
    const std::string body(5000 + static_cast<std::size_t>(round), static_cast<char>('a' + round));
    std::string packed;
    ASSERT_TRUE(compressor.compress(body, packed));
    EXPECT_LT(packed.size(), 200U);
    std::string unpacked(body.size() + 1, '\0');
    z_stream stream{};
    ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
    stream.avail_out = static_cast<uInt>(unpacked.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    unpacked.resize(stream.total_out);
    inflateEnd(&stream);
    EXPECT_EQ(unpacked, body);
  }
}

TEST(Gzip, what_does_not_shrink_is_sent_as_it_is) {
  Compressor compressor;
  std::string noise, packed;
  std::uint32_t state = 1;
  for (int i = 0; i < 3000; ++i) noise += static_cast<char>((state = state * 1664525U + 1013904223U) >> 24);
  EXPECT_FALSE(compressor.compress(noise, packed));
  const std::string text(3000, 'x');
  EXPECT_TRUE(compressor.compress(text, packed));
}

TEST(Gzip, is_for_json) {
  for (const auto* type : {"application/json", "application/problem+json", "application/json; charset=utf-8",
                           "text/plain; version=0.0.4; charset=utf-8"})
    EXPECT_TRUE(is_compressible(type));
  for (const auto* type : {"text/html", "application/octet-stream", "image/svg+xml", ""}) EXPECT_FALSE(is_compressible(type));
}

}  // namespace
}  // namespace gatehouse::http
