// Time-outs, connection limits, draining: what a server does to those who take too much, and when it must go.
#include <sys/resource.h>

#include <deque>

#include "http/server_fixture_test.h"

namespace gatehouse::http {
namespace {

constexpr std::uint32_t soon_ms = 30;

TEST(ServerLimits, S12_a_request_ends_when_its_client_has_reset_the_connection) {
  RunningServer server({.header_timeout_ms = soon_ms});
  Client client(server.address()), other(server.address());
  client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(becomes_true([&] { return server.handler.handled == 1; }));
  client.reset();
  EXPECT_TRUE(becomes_true([&] { return server.handler.left == 1; })) << "in an hour it would have";
  EXPECT_EQ(other.get("/").status, 200);
  EXPECT_TRUE(becomes_true([&] { return server.connections() == 1; }));
  EXPECT_TRUE(becomes_true([&] {
    return server.metrics.expose().find("gatehouse_http_requests_abandoned_total 1") != std::string::npos;
  }));
}

TEST(ServerLimits, S12_a_client_that_only_stops_sending_gets_its_answer) {
  RunningServer server({.header_timeout_ms = soon_ms});
  Client client(server.address()), slow(server.address());
  client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  client.half_close();
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 1; }));
  slow.send("GET / HTTP/1.1\r\nHost");
  EXPECT_EQ(slow.read().status, 408) << "many sweeps have passed";
  EXPECT_EQ(server.handler.left, 0);
  server.handler.is_gate_open = true;
  EXPECT_EQ(client.read().status, 200);
}

TEST(ServerLimits, S75_what_one_client_left_of_a_body_never_reaches_the_next) {
  RunningServer server;
  const std::string head = "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto* broken : {"5\r\nstale\r\nrubbish", "5\r\nstale\r\nffffff\r\n", "5\r\nstale\r\n"}) {
    {
      Client client(server.address());
      client.send(head + broken);
      client.half_close();
      while (client.read().status != 0) continue;
    }
    ASSERT_TRUE(becomes_true([&] { return server.connections() == 0; }));
    Client next(server.address());
    next.send(head + "3\r\nown\r\n0\r\n\r\n");
    EXPECT_EQ(next.read().body, "POST /body own") << broken;
  }
}

TEST(ServerLimits, S69_a_slow_header_is_answered_408_and_cut) {
  RunningServer server({.header_timeout_ms = soon_ms});
  Client client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX-A");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.body, "refused: header_timeout");
  client.half_close();
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(ServerLimits, S69_a_slow_header_cannot_be_kept_alive_octet_by_octet) {
  RunningServer server({.header_timeout_ms = soon_ms});
  Client client(server.address());
  client.send("GET / HTTP/1.1\r\nHost: a\r\n");
  const bool is_cut = becomes_true([&] {
    client.send("X: 1\r\n");
    return server.connections() == 0;
  });
  EXPECT_TRUE(is_cut);
}

TEST(ServerLimits, S69_a_slow_body_is_answered_408_and_cut) {
  RunningServer server({.body_timeout_ms = soon_ms});
  for (const auto* body : {"Content-Length: 10\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhe"}) {
    Client client(server.address());
    client.send("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(body));
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 408);
    EXPECT_EQ(answer.body, "refused: body_timeout");
  }
  EXPECT_EQ(server.handler.handled, 0);
}

TEST(ServerLimits, S69_an_idle_connection_is_closed_without_a_word) {
  RunningServer server({.idle_timeout_ms = 200});
  Client fresh(server.address());
  EXPECT_TRUE(fresh.is_closed_by_peer());
  Client used(server.address());
  EXPECT_EQ(used.get("/a").status, 200);
  EXPECT_TRUE(used.is_closed_by_peer());
}

TEST(ServerLimits, S69_a_client_that_does_not_read_is_cut) {
  RunningServer server({.write_timeout_ms = soon_ms});
  Client client(server.address());
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(becomes_true([&] { return server.handler.handled == 1 && server.connections() == 0; }));
}

TEST(ServerLimits, a_handler_may_take_longer_than_every_socket_timeout) {
  RunningServer server({.header_timeout_ms = soon_ms, .body_timeout_ms = soon_ms, .write_timeout_ms = soon_ms});
  Client client(server.address());
  client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 1; }));
  ::usleep(3 * soon_ms * 1000);
  server.handler.is_gate_open = true;
  EXPECT_EQ(client.read().status, 200);
}

TEST(ServerLimits, a_refusal_knows_the_limit_and_what_was_asked_for) {
  RunningServer server;
  Client large(server.address()), tiny(server.address());
  large.send("GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x'));
  const auto answer = large.read();
  EXPECT_TRUE(answer.has("x-limit: 32768") && answer.has("x-path: /a")) << answer.head;
  tiny.send("POST /tiny HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  const auto other = tiny.read();
  EXPECT_TRUE(other.has("x-limit: 10") && other.has("x-path: /tiny")) << other.head;
}

// What this process has used of the processor.
long processor_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

TEST(ServerLimits, F36_without_descriptors_left_it_neither_spins_nor_stops) {
  RunningServer server;
  Client first(server.address());
  ASSERT_EQ(first.get("/a").status, 200);
  std::deque<Client> crowd;
  for (int i = 0; i < 20; ++i) crowd.emplace_back(server.address());
  std::vector<int> hoard;
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 200;
  ::setrlimit(RLIMIT_NOFILE, &low);
  int descriptor;
  while ((descriptor = ::dup(0)) >= 0) hoard.push_back(descriptor);
  ASSERT_FALSE(hoard.empty());
  ::close(hoard.back());  // for the client's own end
  hoard.pop_back();
  Client late(server.address());
  const auto began_ms = processor_ms();
  ::usleep(100'000);
  const auto spent_ms = processor_ms() - began_ms;
  for (const int each : hoard) ::close(each);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_LT(spent_ms, 60);
  Client after(server.address());
  EXPECT_EQ(after.get("/a").status, 200);
}

TEST(ServerDrain, F45_finishes_what_is_in_flight_closes_what_is_idle_and_refuses_newcomers) {
  RunningServer server;
  Client idle(server.address()), busy(server.address());
  EXPECT_EQ(idle.get("/a").status, 200);
  busy.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(becomes_true([&] { return server.handler.waiting == 1; }));
  auto drained = server.start_drain(Milliseconds{10'000});
  EXPECT_TRUE(idle.is_closed_by_peer());
  EXPECT_TRUE(becomes_true([&] { return !Client(server.address()).is_connected; }));
  EXPECT_EQ(drained.wait_for(Milliseconds{0}), std::future_status::timeout);
  server.handler.is_gate_open = true;
  const auto answer = busy.read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("connection: close"));
  drained.get();
  EXPECT_EQ(server.connections(), 0U);
}

TEST(ServerDrain, F45_a_request_that_has_begun_to_arrive_is_answered) {
  RunningServer server;
  Client client(server.address());
  client.send("GET /a HTTP/1.1\r\nHo");
  ASSERT_TRUE(becomes_true([&] { return server.connections() == 1; }));
  ::usleep(2'000);
  auto drained = server.start_drain(Milliseconds{10'000});
  client.send("st: a\r\n\r\n");
  EXPECT_EQ(client.read().status, 200);
  drained.get();
}

TEST(ServerLimits, F39_a_request_that_its_handler_does_not_answer_in_time_is_answered_504_and_goes_on) {
  RunningServer server({.request_timeout_ms = 200});
  Client client(server.address());
  client.send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
  const auto answer = client.read();
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.body, "refused: deadline_exceeded");
  EXPECT_TRUE(answer.has("connection: close"));
  EXPECT_TRUE(client.is_closed_by_peer());
  EXPECT_EQ(server.handler.left, 0) << "its handler has not been ended";
  server.handler.is_gate_open = true;
  EXPECT_TRUE(becomes_true([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.handler.left, 1) << "nor has what came after it been begun";
}

TEST(ServerDrain, F46_cuts_what_is_stuck_when_the_time_is_over) {
  RunningServer server({.header_timeout_ms = 80});
  Client stuck(server.address()), half(server.address());
  stuck.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  half.send("GET / HT");
  ASSERT_TRUE(becomes_true([&] { return server.handler.handled == 1; }));
  server.drain(Milliseconds{20});
  EXPECT_EQ(server.connections(), 0U);
  EXPECT_TRUE(stuck.is_closed_by_peer());
}

TEST(ServerDrain, may_be_asked_for_twice) {
  RunningServer server;
  auto one = server.start_drain(Milliseconds{1000});
  auto two = server.start_drain(Milliseconds{1000});
  one.get();
  two.get();
}

TEST(ServerMetrics, count_responses_by_class_and_open_connections) {
  RunningServer server({.idle_timeout_ms = 1000, .write_timeout_ms = 40});
  Client client(server.address()), other(server.address());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/a").status, 200);
  EXPECT_EQ(other.get("/..").status, 400);
  const auto shows = [&](std::string_view line) {
    return becomes_true([&] { return server.metrics.expose().find(line) != std::string::npos; });
  };
  EXPECT_TRUE(shows("gatehouse_http_requests_total{status=\"2xx\"} 5"));
  EXPECT_TRUE(shows("gatehouse_http_requests_total{status=\"4xx\"} 1"));
  EXPECT_TRUE(shows("gatehouse_http_request_duration_seconds_count 5"));
  client.hang_up();
  other.hang_up();
  EXPECT_TRUE(shows("gatehouse_http_connections 0"));
}

}  // namespace
}  // namespace gatehouse::http
