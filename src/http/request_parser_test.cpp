#include "http/request_parser.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstring>
#include <memory>

#include "base/limits.h"

namespace gatehouse::http {
namespace {

using Progress = RequestParser::Progress;

// A parser and the buffer its views point into.
struct Parsed {
  std::unique_ptr<std::string> bytes;
  RequestParser parser;
  Progress progress;
  [[nodiscard]] int status() const { return progress == Progress::refused ? parser.refusal().status : 200; }
  [[nodiscard]] std::string reason() const { return std::string(parser.refusal().reason); }
};

Parsed parse(std::string text) {
  Parsed parsed{std::make_unique<std::string>(std::move(text)), {}, {}};
  parsed.progress = parsed.parser.parse(parsed.bytes->data(), parsed.bytes->size());
  return parsed;
}
Parsed parse_get(std::string_view fields, std::string_view target = "/") {
  return parse("GET " + std::string(target) + " HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n");
}
Parsed parse_post(std::string_view fields) {
  return parse("POST / HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n");
}

TEST(RequestParser, gives_method_path_query_and_fields_of_a_request) {
  auto parsed = parse_get("X-One:  1 \r\nX-TWO:\t2\r\n", "/api/v1/users/me?a=b&c=%20");
  ASSERT_EQ(parsed.progress, Progress::complete);
  const auto& request = parsed.parser.request();
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.path, "/api/v1/users/me");
  EXPECT_EQ(request.query, "a=b&c=%20");
  ASSERT_EQ(request.fields.size(), 3U);
  EXPECT_EQ(request.header("host"), "a.example");
  EXPECT_EQ(request.header("x-one"), "1");
  EXPECT_EQ(request.header("x-two"), "2");
  EXPECT_EQ(parsed.parser.head_bytes(), parsed.bytes->size());
}

TEST(RequestParser, knows_the_seven_methods_and_answers_501_to_others_S64) {
  for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    auto parsed = parse(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_EQ(parsed.status(), 200) << method;
    EXPECT_EQ(name_of(parsed.parser.request().method), method);
  }
  for (const auto* method : {"TRACE", "CONNECT", "get", "PROPFIND", "X"})
    EXPECT_EQ(parse(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n").status(), 501) << method;
}

TEST(RequestParser, S64_refuses_every_method_override_header) {
  for (const auto* name : {"X-HTTP-Method-Override", "x-http-method", "X-Method-Override"})
    EXPECT_EQ(parse_post(std::string(name) + ": DELETE\r\n").status(), 501) << name;
}

TEST(RequestParser, stops_at_the_end_of_the_head) {
  auto parsed = parse("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n");
  ASSERT_EQ(parsed.progress, Progress::complete);
  EXPECT_EQ(parsed.bytes->substr(parsed.parser.head_bytes(), 6), "GET /b");
}

TEST(RequestParser, may_be_used_again_after_reset) {
  auto parsed = parse("HEAD /a?b HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_EQ(parsed.progress, Progress::complete);
  parsed.parser.reset();
  *parsed.bytes = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(parsed.parser.parse(parsed.bytes->data(), parsed.bytes->size()), Progress::complete);
  EXPECT_EQ(parsed.parser.request().method, Method::get);
  EXPECT_EQ(parsed.parser.request().query, "");
  EXPECT_EQ(parsed.parser.request().fields.size(), 2U);
  EXPECT_EQ(parsed.parser.framing().content_length, 0U);
  EXPECT_FALSE(parsed.parser.framing().is_http_1_0);
}

TEST(RequestParser, keeps_its_views_right_when_the_buffer_moves_in_mid_request) {
  const std::string text = "GET /p%61th?q HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-Two: 2\r\n\r\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    auto first = std::make_unique<std::string>(text);
    RequestParser parser;
    ASSERT_EQ(parser.parse(first->data(), cut), Progress::incomplete);
    auto second = std::make_unique<std::string>(*first);
    parser.follow(first->data(), second->data());
    first.reset();
    ASSERT_EQ(parser.parse(second->data(), second->size()), Progress::complete);
    EXPECT_EQ(parser.request().path, "/path");
    EXPECT_EQ(parser.request().query, "q");
    EXPECT_EQ(parser.request().header("x-one"), "1");
    EXPECT_EQ(parser.request().header("x-two"), "2");
  }
}

TEST(RequestParser, S71_content_length_with_transfer_encoding_is_refused) {
  EXPECT_EQ(parse_post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n").reason(), "content_length_with_transfer_encoding");
  EXPECT_EQ(parse_post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n").status(), 400);
}

TEST(RequestParser, S72_transfer_encoding_is_chunked_once_on_1_1_or_refused) {
  auto parsed = parse_post("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(parsed.status(), 200);
  EXPECT_TRUE(parsed.parser.framing().is_chunked);
  for (const auto* value : {"xchunked", "chunked, identity", "gzip, chunked", "identity", "", "chunked,", "chunked;a"})
    EXPECT_EQ(parse_post("Transfer-Encoding: " + std::string(value) + "\r\n").status(), 400) << value;
  EXPECT_EQ(parse("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").status(), 400);
  EXPECT_EQ(parse_post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n").reason(), "field_repeated");
}

TEST(RequestParser, S73_content_length_is_digits_once_and_below_2_53) {
  EXPECT_EQ(parse_post("Content-Length: 9007199254740992\r\n").parser.framing().content_length, 9007199254740992U);
  for (const auto* value : {"9007199254740993", "99999999999999999999999999", "+5", "-5", "0x5", "5,5", "5;", "", " ", "5 5", "5.0"})
    EXPECT_EQ(parse_post("Content-Length: " + std::string(value) + "\r\n").reason(), "content_length_invalid") << value;
  EXPECT_EQ(parse_post("Content-Length: 5\r\nContent-Length: 5\r\n").reason(), "field_repeated");
}

TEST(RequestParser, S74_field_syntax_is_strict) {
  EXPECT_EQ(parse_get("X-A : 1\r\n").reason(), "field_name_invalid");
  EXPECT_EQ(parse_get(": 1\r\n").reason(), "field_name_invalid");
  EXPECT_EQ(parse_get("X-A\r\n").reason(), "field_name_invalid");
  EXPECT_EQ(parse_get("X-A: 1\r\n 2\r\n").reason(), "obsolete_folding");
  EXPECT_EQ(parse_get("X-A: 1\r\n\t2\r\n").reason(), "obsolete_folding");
  EXPECT_EQ(parse_get("X-A: 1\n").reason(), "line_end_invalid");
  EXPECT_EQ(parse_get("X-A: 1\rX-B: 2\r\n").reason(), "field_value_invalid");
  EXPECT_EQ(parse_get(std::string_view("X-A: \0\r\n", 8)).reason(), "field_value_invalid");
}

TEST(RequestParser, S74_every_octet_is_judged_in_names_and_values) {
  for (int octet = 0; octet < 256; ++octet) {
    const auto c = static_cast<char>(octet);
    const bool is_token = (octet < 0x80 && std::isalnum(octet)) || (octet != 0 && std::strchr("!#$%&'*+-.^_`|~", octet));
    if (octet != '\n' && octet != ':') EXPECT_EQ(parse_get("X-" + std::string(1, c) + ": 1\r\n").status() == 200, is_token) << octet;
    const bool is_value = octet == '\t' || (octet >= 0x20 && octet != 0x7f);
    EXPECT_EQ(parse_get("X-A: 1" + std::string(1, c) + "2\r\n").status() == 200, is_value) << octet;
  }
}

TEST(RequestParser, S76_exactly_one_valid_host) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\n\r\n").reason(), "host_missing");
  EXPECT_EQ(parse_get("Host: a.example\r\n").reason(), "field_repeated");
  for (const auto* host : {"a.example", "a.example:8080", "127.0.0.1", "[::1]", "[2001:db8::1]:443", "a_b", "LOCALHOST"})
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").status(), 200) << host;
  for (const auto* host : {"", "a,b", "a b", "a@b", "a/b", "a:", "a:b", "a:65536", "a:1:2", "[::1", "[]", "[::1]a", ":80", ".a", "a%20"})
    EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").reason(), "host_invalid") << host;
}

TEST(RequestParser, S76_absolute_form_must_name_the_host) {
  EXPECT_EQ(parse_get("", "http://A.example/p?q").parser.request().path, "/p");
  auto bare = parse_get("", "http://a.example");
  EXPECT_EQ(bare.parser.request().path, "/");
  EXPECT_EQ(bare.status(), 200);
  auto query = parse_get("", "https://a.example?x=1");
  EXPECT_EQ(query.parser.request().path, "/");
  EXPECT_EQ(query.parser.request().query, "x=1");
  EXPECT_EQ(parse_get("", "http://evil.example/").reason(), "host_differs_from_target");
  for (const auto* target : {"*", "a.example:80", "ftp://a.example/", "http://u@a.example/", "http:///", "https://"})
    EXPECT_EQ(parse_get("", target).reason(), "target_invalid") << target;
}

TEST(RequestParser, S76_the_only_expectation_is_100_continue) {
  EXPECT_TRUE(parse_post("Expect: 100-Continue\r\nContent-Length: 1\r\n").parser.framing().expects_continue);
  for (const auto* value : {"", "y 100-continue", "100-continue, x", "101"})
    EXPECT_EQ(parse_post("Expect: " + std::string(value) + "\r\n").status(), 417) << value;
  auto old = parse("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  EXPECT_FALSE(old.parser.framing().expects_continue);
}

TEST(RequestParser, S53_fields_that_may_stand_once_are_refused_when_repeated) {
  for (const auto* name : {"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key", "X-Service-Auth", "Origin"})
    EXPECT_EQ(parse_get(std::string(name) + ": a\r\n" + name + ": a\r\n").reason(), "field_repeated") << name;
  EXPECT_EQ(parse_get("Accept: a\r\nAccept: b\r\n").parser.request().count("accept"), 2U);
}

TEST(RequestParser, S58_names_that_a_server_behind_could_take_for_asserted_ones_are_dropped) {
  for (const auto* name : {"X_User_Id", "x.user.id", "x-user_id", "X_Session_Id", "X.Roles", "x_service_auth", "X_Forwarded_For",
                           "x_internal_anything", "Content_Length", "Transfer.Encoding", "x~user~id", "TRACE_PARENT_"}) {
    auto parsed = parse_get(std::string(name) + ": 1\r\n");
    ASSERT_EQ(parsed.status(), 200) << name;
    EXPECT_EQ(parsed.parser.request().fields.size(), std::string_view(name) == "TRACE_PARENT_" ? 2U : 1U) << name;
  }
  EXPECT_EQ(parse_get("X-Service-Auth: s\r\n").parser.request().header("x-service-auth"), "s");  // the gateway decides
  EXPECT_EQ(parse_get("my_header: s\r\n").parser.request().header("my_header"), "s");
  EXPECT_EQ(parse_get("X-User-Id : 1\r\n").status(), 400);
}

TEST(RequestParser, S69_a_long_request_line_is_414_and_a_large_header_431) {
  const auto line = [](std::size_t size) { return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
  EXPECT_EQ(parse(line(limits::request_line_bytes_max)).status(), 200);
  EXPECT_EQ(parse(line(limits::request_line_bytes_max + 1)).status(), 414);
  const auto section = [](std::size_t size) {
    const std::string host = "Host: a\r\n", rest = "X: " + std::string(size - 9 - 3 - 4, 'v') + "\r\n\r\n";
    return "GET / HTTP/1.1\r\n" + host + rest;
  };
  EXPECT_EQ(parse(section(limits::header_section_bytes_max)).status(), 200);
  EXPECT_EQ(parse(section(limits::header_section_bytes_max + 1)).status(), 431);
  std::string fields;
  for (std::size_t i = 1; i < limits::header_fields_max; ++i) fields += "a: b\r\n";
  EXPECT_EQ(parse_get(fields).status(), 200);
  EXPECT_EQ(parse_get(fields + "a: b\r\n").reason(), "too_many_fields");
}

TEST(RequestParser, versions_other_than_1_0_and_1_1_are_505_and_nonsense_is_400) {
  for (const auto* version : {"HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"})
    EXPECT_EQ(parse("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n").status(), 505) << version;
  for (const auto* version : {"http/1.1", "HTTP/1.a", "HTTP-1.1", "XTTP/1.1"})
    EXPECT_EQ(parse("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n").status(), 400) << version;
}

TEST(RequestParser, connection_options_decide_on_keep_alive) {
  EXPECT_TRUE(parse_get("").parser.framing().keeps_alive);
  EXPECT_FALSE(parse_get("Connection: Close\r\n").parser.framing().keeps_alive);
  EXPECT_FALSE(parse_get("Connection: keep-alive, close\r\n").parser.framing().keeps_alive);
  EXPECT_FALSE(parse_get("Connection: keep-alive\r\nConnection: x , close\r\n").parser.framing().keeps_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").parser.framing().keeps_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").parser.framing().keeps_alive);
}

TEST(RequestParser, tls_on_a_plain_port_is_refused_at_its_first_octet) { EXPECT_EQ(parse("\x16").status(), 400); }

TEST(RequestParser, a_refused_request_stays_refused) {
  auto parsed = parse("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n");
  ASSERT_EQ(parsed.progress, Progress::refused);
  EXPECT_EQ(parsed.parser.parse(parsed.bytes->data(), parsed.bytes->size()), Progress::refused);
}

}  // namespace
}  // namespace gatehouse::http
