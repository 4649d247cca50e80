// More connections, or more octets at once, than there is room for: who has to go, and who never has to.
#include <algorithm>
#include <deque>

#include "http/server_fixture_test.h"

namespace gatehouse::http {
namespace {

TEST(ServerCrowd, at_the_limit_the_longest_idle_connection_makes_room) {
  RunningServer server({.connections_max = 3});
  std::deque<Client> clients;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(clients.emplace_back(server.address()).get("/a").status, 200);
  EXPECT_EQ(clients.emplace_back(server.address()).get("/a").status, 200);
  int open = 0;
  for (auto& client : clients) open += client.get("/b").status == 200;
  EXPECT_EQ(open, 3);
}

TEST(ServerCrowd, at_the_limit_with_nobody_idle_a_newcomer_gets_503) {
  RunningServer server({.connections_max = 2});
  Client one(server.address()), two(server.address());
  one.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  two.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 2; }));
  Client three(server.address());
  const auto answer = three.read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.has("connection: close"));
  EXPECT_EQ(answer.body, "refused: too_many_connections");
  server.handler.is_gate_open = true;
  EXPECT_EQ(one.read().status, 200);
  EXPECT_EQ(two.read().status, 200);
}

TEST(ServerCrowd, S69_one_source_has_its_share_of_connections_and_leaves_the_rest) {
  RunningServer server({.connections_max = 8, .connections_per_source_max = 2});
  Client one(server.address()), two(server.address());
  one.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  two.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 2; }));
  EXPECT_EQ(Client(server.address()).read().body, "refused: too_many_connections");
  Client other(server.address(), "127.0.0.2");
  EXPECT_EQ(other.get("/a").status, 200);
  server.handler.is_gate_open = true;
  EXPECT_EQ(one.read().status, 200);
  EXPECT_EQ(Client(server.address()).get("/a").status, 200) << "an idle one of its own made room";
  EXPECT_EQ(other.get("/a").status, 200);
}

TEST(ServerCrowd, S69_at_the_limit_whoever_is_slow_makes_room) {
  RunningServer server({.header_timeout_ms = 500, .body_timeout_ms = 500, .connections_max = 3});
  Client head(server.address()), body(server.address()), busy(server.address());
  busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  head.send("GET / HTTP/1.1\r\nHost");
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 1 && server.connections() == 3; }));
  ASSERT_TRUE(becomes_true([&] { return Client(server.address()).get("/a").status == 200; })) << "in a tenth of their time";
  ASSERT_TRUE(becomes_true([&] { return Client(server.address()).get("/a").status == 200; }));
  EXPECT_TRUE(head.is_closed_by_peer() || body.is_closed_by_peer());
  server.handler.is_gate_open = true;
  EXPECT_EQ(busy.read().status, 200) << "what is being handled never does";
}

TEST(ServerCrowd, S69_the_bodies_being_received_have_a_budget_and_small_ones_do_not_need_it) {
  RunningServer server({.held_bytes_max = 40 * 1024});
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ";
  std::deque<Client> clients;
  int refused = 0;
  for (int i = 0; i < 6; ++i) clients.emplace_back(server.address()).send(head + "20000\r\n\r\n" + std::string(19'000, 'x'));
  ASSERT_TRUE(becomes_true([&] {
    refused = static_cast<int>(std::ranges::count_if(clients, [](Client& client) { return client.has_answer(); }));
    return refused >= 4;
  }));
  for (auto& client : clients)
    if (client.has_answer()) EXPECT_EQ(client.read().body, "refused: overloaded");
  Client small(server.address());
  small.send(head + "2000\r\n\r\n");
  small.send(std::string(2'000, 'x'));
  EXPECT_EQ(small.read().status, 200);
  clients.clear();
  EXPECT_TRUE(becomes_true([&] {
    Client late(server.address());
    late.send(head + "20000\r\n\r\n" + std::string(20'000, 'x'));
    return late.read().status == 200;
  })) << "what they took is given back";
}

TEST(ServerCrowd, S69_responses_that_nobody_reads_have_a_budget_and_small_ones_do_not_need_it) {
  RunningServer server({.held_bytes_max = 12'000'000});  // of those of /large there is room for one
  std::deque<Client> clients;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) (j == 0 ? clients.emplace_back(server.address()) : clients.back()).send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(becomes_true([&] {
    return server.metrics.expose().find("gatehouse_http_connections_refused_total 2") != std::string::npos;
  }));
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_EQ(Client(server.address()).get("/a").status, 200);
  clients.clear();
  EXPECT_TRUE(becomes_true([&] { return server.connections() == 0; }));
  Client late(server.address());
  EXPECT_EQ(late.get("/large").body.size(), 8'000'000U) << "what they took is given back";
  EXPECT_EQ(late.get("/large").body.size(), 8'000'000U);
}

}  // namespace
}  // namespace gatehouse::http
