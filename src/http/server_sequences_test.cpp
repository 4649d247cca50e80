// Whole connections at random, against the plainest model there is: answers come in the order of the requests.
#include <fmt/format.h>

#include "base/random.h"
#include "http/server_fixture_test.h"

namespace gatehouse::http {
namespace {

// One of a few kinds of request, and the body its answer must have.
std::pair<std::string, std::string> random_request(Random& random) {
  const auto path = "/r" + std::to_string(random.below(100'000));
  const std::string body(random.below(4) == 0 ? random.below(20'000) : random.below(50), 'b');
  const std::string padding = "X-Padding: " + std::string(random.below(8) == 0 ? random.below(6000) : 5, 'p') + "\r\n";
  switch (random.below(3)) {
    case 0: return {"GET " + path + " HTTP/1.1\r\nHost: a\r\n" + padding + "\r\n", "GET " + path + " "};
    case 1:
      return {post(path, padding + "Content-Length: " + std::to_string(body.size()) + "\r\n", body), "POST " + path + " " + body};
    default: break;
  }
  std::string chunks;
  for (std::size_t at = 0; at < body.size();) {
    const auto size = std::min<std::size_t>(body.size() - at, 1 + random.below(3000));
    chunks += fmt::format("{:X};x\r\n{}\r\n", size, body.substr(at, size));
    at += size;
  }
  return {post(path, padding + "Transfer-Encoding: chunked\r\n", chunks + "0\r\n\r\n"), "POST " + path + " " + body};
}

TEST(Server, any_sequence_of_requests_in_any_pieces_is_answered_in_order) {
  RunningServer server;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SeededRandom random(seed);
    Client client(server.address());
    std::string bytes;
    std::vector<std::string> expected;
    for (int i = 0; i < 60; ++i) {
      auto [request, answer] = random_request(random);
      bytes += request;
      expected.push_back(std::move(answer));
    }
    std::size_t answered = 0;
    for (std::size_t at = 0; at < bytes.size();) {
      const auto size = std::min<std::size_t>(bytes.size() - at, 1 + random.below(random.below(2) == 0 ? 30 : 9000));
      client.send(std::string_view(bytes).substr(at, size));
      at += size;
      while (client.has_answer()) ASSERT_EQ(client.read().body, expected[answered++]) << "seed " << seed;
    }
    while (answered < expected.size()) ASSERT_EQ(client.read().body, expected[answered++]) << "seed " << seed;
  }
}

}  // namespace
}  // namespace gatehouse::http
