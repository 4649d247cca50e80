#include "http/server.h"

#include <sys/resource.h>

#include "base/limits.h"
#include "http/server_fixture_test.h"

namespace gatehouse::http {
namespace {

TEST(Server, answers_many_requests_on_one_connection) {
  RunningServer server;
  Client client(server.address());
  for (int i = 0; i < 50; ++i) {
    const auto answer = client.get("/a?b");
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a ");
    EXPECT_TRUE(answer.has("date: "));
    EXPECT_TRUE(answer.has("x-content-type-options: nosniff"));
    EXPECT_FALSE(answer.has("connection:"));
  }
}

TEST(Server, answers_a_pipelined_burst_in_order_and_in_few_writes) {
  RunningServer server;
  Client client(server.address());
  std::string burst;
  for (int i = 0; i < 60; ++i) burst += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send(burst);
  for (int i = 0; i < 60; ++i) EXPECT_EQ(client.read().body, "GET /" + std::to_string(i) + " ");
  EXPECT_LT(client.reads, 10U);
}

TEST(Server, takes_a_request_that_comes_octet_by_octet) {
  RunningServer server;
  Client client(server.address());
  const auto text = post("/a", "Content-Length: 5\r\n", "hello");
  for (const char c : text) client.send(std::string_view(&c, 1));
  EXPECT_EQ(client.read().body, "POST /a hello");
}

TEST(Server, takes_bodies_of_every_size_up_to_the_limit_of_their_route) {
  RunningServer server;
  Client client(server.address());
  for (const std::size_t size : {0UL, 1UL, 3000UL, 4096UL, 5000UL, 16384UL, 65536UL}) {
    const std::string body(size, 'b');
    client.send(post("/a", "Content-Length: " + std::to_string(size) + "\r\n", body));
    EXPECT_EQ(client.read().body, "POST /a " + body) << size;
  }
  const std::string megabyte(1'000'000, 'm');
  client.send(post("/megabyte", "Content-Length: 1000000\r\n", megabyte));
  EXPECT_EQ(client.read().body, "POST /megabyte " + megabyte);
}

TEST(Server, takes_chunked_bodies_and_the_request_behind_them) {
  RunningServer server;
  Client client(server.address());
  std::string chunks, body;
  for (int i = 0; i < 200; ++i) chunks += "64\r\n" + std::string(100, 'c') + "\r\n", body += std::string(100, 'c');
  client.send(post("/a", "Transfer-Encoding: chunked\r\n", chunks + "0\r\nX-User-Id: 7\r\n\r\n") +
              "GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().body, "POST /a " + body);
  EXPECT_EQ(client.read().body, "GET /next ");
}

TEST(Server, keeps_the_head_when_its_buffer_grows_for_the_body) {
  RunningServer server;
  Client client(server.address());
  const std::string field = "X-Padding: " + std::string(3900, 'p') + "\r\n";
  client.send(post("/padded", field + "Transfer-Encoding: chunked\r\n", ""));
  client.send("5\r\nhello\r\n");
  client.send("0\r\n\r\n");
  EXPECT_EQ(client.read().body, "POST /padded hello");
  EXPECT_EQ(client.get("/b", "X-Large: " + std::string(30'000, 'l') + "\r\n").status, 200);
}

TEST(Server, S69_a_body_above_the_limit_is_413_before_it_is_read) {
  RunningServer server;
  Client announced(server.address());
  announced.send(post("/tiny", "Content-Length: 11\r\n", ""));
  const auto answer = announced.read();
  EXPECT_EQ(answer.status, 413);
  EXPECT_TRUE(answer.has("connection: close"));
  announced.half_close();
  EXPECT_TRUE(announced.is_closed_by_peer());
  Client chunked(server.address());
  chunked.send(post("/tiny", "Transfer-Encoding: chunked\r\n", "b\r\nhello world\r\n0\r\n\r\n"));
  EXPECT_EQ(chunked.read().status, 413);
  EXPECT_EQ(server.handler.handled, 0);
}

TEST(Server, the_refusal_of_a_large_upload_is_not_lost_to_a_reset) {
  RunningServer server;
  Client client(server.address());
  client.send(post("/a", "Content-Length: 900000\r\n", std::string(900'000, 'u')));
  EXPECT_EQ(client.read().status, 413);
}

TEST(Server, S69_long_request_lines_and_large_headers_are_414_and_431) {
  RunningServer server;
  Client line(server.address());
  EXPECT_EQ(line.get("/" + std::string(9000, 'a')).status, 414);
  Client header(server.address());
  EXPECT_EQ(header.get("/", "X: " + std::string(33'000, 'a') + "\r\n").status, 431);
}

TEST(Server, S76_nothing_after_a_refused_request_is_read) {
  RunningServer server;
  Client client(server.address());
  client.send("GET /ok HTTP/1.1\r\nHost: a\r\n\r\n" + post("/a", "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n") +
              "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  EXPECT_EQ(client.read().status, 400);
  client.half_close();
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server.handler.handled, 1);
}

TEST(Server, S76_expect_100_continue_is_answered_before_the_body) {
  RunningServer server;
  Client client(server.address());
  client.send(post("/a", "Content-Length: 5\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.read().status, 100);
  client.send("hello");
  EXPECT_EQ(client.read().body, "POST /a hello");
  client.send(post("/a", "Content-Length: 5\r\nExpect: 100-continue\r\n", "hello"));  // did not wait: no 100
  EXPECT_EQ(client.read().status, 200);
  client.send(post("/tiny", "Content-Length: 11\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.read().status, 413);
}

TEST(Server, S76_unknown_expectations_are_417) {
  RunningServer server;
  Client client(server.address());
  client.send(post("/a", "Content-Length: 5\r\nExpect: y\r\n", "hello"));
  EXPECT_EQ(client.read().status, 417);
}

TEST(Server, S76_a_body_on_get_is_a_body_and_not_the_next_request) {
  RunningServer server;
  Client client(server.address());
  const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
  client.send("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(hidden.size()) + "\r\n\r\n" + hidden +
              "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.read().body, "GET /a " + hidden);
  EXPECT_EQ(client.read().body, "GET /b ");
}

TEST(Server, S83_an_upgrade_is_ignored) {
  RunningServer server;
  Client client(server.address());
  const auto answer = client.get("/a", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(client.get("/b").status, 200);
}

TEST(Server, S64_head_is_get_without_the_body) {
  RunningServer server;
  Client client(server.address());
  client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto head = client.read(true);
  EXPECT_TRUE(head.has("content-length: 8\r\n"));  // "HEAD /a "
  EXPECT_EQ(client.read().body, "GET /b ");
}

TEST(Server, a_204_has_no_body_and_the_connection_goes_on) {
  RunningServer server;
  Client client(server.address());
  EXPECT_EQ(client.get("/none").status, 204);
  EXPECT_EQ(client.get("/a").status, 200);
}

TEST(Server, closes_when_the_client_the_handler_or_the_version_says_so) {
  RunningServer server;
  Client asked(server.address());
  EXPECT_TRUE(asked.get("/a", "Connection: close\r\n").has("connection: close"));
  EXPECT_TRUE(asked.is_closed_by_peer());
  Client told(server.address());
  EXPECT_TRUE(told.get("/close").has("connection: close"));
  EXPECT_TRUE(told.is_closed_by_peer());
  Client old(server.address());
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(old.read().has("connection: keep-alive"));
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.read().has("connection: close"));
  EXPECT_TRUE(old.is_closed_by_peer());
}

TEST(Server, S68_a_response_field_with_a_line_break_becomes_500) {
  RunningServer server;
  Client client(server.address());
  const auto answer = client.get("/field", "X-Value: a\r\n");
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.has("set-cookie"));
  EXPECT_EQ(answer.body, "refused: response_field_invalid");
}

TEST(Server, a_handler_that_throws_costs_a_500_and_not_the_process) {
  RunningServer server;
  Client client(server.address());
  EXPECT_EQ(client.get("/throw").status, 500);
  Client next(server.address());
  EXPECT_EQ(next.get("/a").status, 200);
}

TEST(Server, compresses_large_json_for_clients_that_take_gzip) {
  RunningServer server;
  Client client(server.address());
  const auto packed = client.get("/json", "Accept-Encoding: gzip\r\n");
  EXPECT_TRUE(packed.has("content-encoding: gzip"));
  EXPECT_TRUE(packed.has("vary: accept-encoding"));
  EXPECT_LT(packed.body.size(), 200U);
  const auto plain = client.get("/json");
  EXPECT_FALSE(plain.has("content-encoding"));
  EXPECT_TRUE(plain.has("vary: accept-encoding"));
  EXPECT_GT(plain.body.size(), 3000U);
  EXPECT_FALSE(client.get("/a", "Accept-Encoding: gzip\r\n").has("vary"));
  client.send("HEAD /json HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_TRUE(client.read(true).has("content-length: " + std::to_string(packed.body.size())));
}

TEST(Server, sends_a_response_larger_than_every_window) {
  RunningServer server;
  Client client(server.address());
  EXPECT_EQ(client.get("/large").body.size(), 8'000'000U);
  EXPECT_EQ(client.get("/a").status, 200);
}

TEST(Server, answers_a_client_that_has_closed_its_sending_half) {
  RunningServer server;
  Client client(server.address());
  client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  client.half_close();
  EXPECT_EQ(client.read().status, 200);
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(Server, tolerates_clients_that_vanish_at_any_point) {
  RunningServer server;
  for (const auto* text : {"", "GET /a HT", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhel", "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n",
                           "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
                           "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"}) {
    Client client(server.address());
    client.send(text);
    client.reset();
  }
  EXPECT_TRUE(becomes_true([&] { return server.handler.waiting == 1; }));
  server.handler.is_gate_open = true;
  EXPECT_TRUE(becomes_true([&] { return server.connections() == 0; }));
  Client client(server.address());
  EXPECT_EQ(client.get("/a").status, 200);
}

TEST(Server, tells_the_handler_who_is_at_the_other_end) {
  RunningServer server;
  Client client(server.address());
  EXPECT_EQ(client.get("/peer").body, "127.0.0.1");
}

}  // namespace
}  // namespace gatehouse::http
