#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "http/server_fixture_test.h"

namespace gatehouse::http {
namespace {

std::string reason_of(const Result<Listener>& listener) { return listener ? "open" : listener.error().reason; }

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/gatehouse-listener-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(Listener, tells_the_port_it_was_given) {
  const auto listener = Listener::open("127.0.0.1:0", false);
  ASSERT_TRUE(listener);
  EXPECT_TRUE(listener->address().starts_with("127.0.0.1:"));
  EXPECT_NE(listener->address(), "127.0.0.1:0");
}

TEST(Listener, is_shared_by_the_shards_of_one_process) {
  const auto first = Listener::open("127.0.0.1:0", true);
  ASSERT_TRUE(first);
  const auto second = Listener::open(first->address(), true);
  EXPECT_EQ(reason_of(second), "open");
  EXPECT_EQ(reason_of(Listener::open(first->address(), true)), "open");
  EXPECT_EQ(reason_of(Listener::open(first->address(), false)), "address_in_use");
}

TEST(Listener, a_port_of_another_process_is_in_use_even_when_that_one_would_share) {
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto listener = Listener::open("127.0.0.1:0", true);
    const auto address = listener->address() + "\n";
    [[maybe_unused]] const auto written = ::write(pipe_ends[1], address.data(), address.size());
    ::pause();
    ::_exit(0);
  }
  char text[64] = "";
  ASSERT_GT(::read(pipe_ends[0], text, sizeof text - 1), 0);
  const std::string address(text, std::string_view(text).find('\n'));
  const auto listener = Listener::open(address, true);
  EXPECT_EQ(reason_of(listener), "address_in_use");
  EXPECT_EQ(listener.error().code, Code::failed_precondition);
  EXPECT_NE(listener.error().message.find(address), std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(Listener, says_what_is_wrong_with_an_address) {
  for (const auto* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:80a", "::1:80", "[::1]", "example.com:80",
                           "unix:", "300.0.0.1:80", "1.2.3.4:0x50"})
    EXPECT_EQ(reason_of(Listener::open(text, false)), "address_invalid") << text;
  EXPECT_EQ(reason_of(Listener::open("unix:/" + std::string(200, 'a'), false)), "address_invalid");
  EXPECT_EQ(reason_of(Listener::open("192.0.2.1:0", false)), "address_invalid");  // TEST-NET-1: nobody's
}

TEST(Listener, a_unix_socket_is_for_its_owner_only_and_goes_with_its_listener) {
  const Folder folder;
  const auto path = folder.path + "/control.sock";
  {
    const auto listener = Listener::open("unix:" + path, false);
    ASSERT_TRUE(listener);
    EXPECT_EQ(listener->address(), "unix:" + path);
    struct stat found{};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0600U);
    EXPECT_EQ(reason_of(Listener::open("unix:" + path, false)), "address_in_use");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Listener, a_socket_file_nobody_answers_on_is_replaced) {
  const Folder folder;
  const auto path = folder.path + "/stale.sock";
  const auto address = SocketAddress::parse("unix:" + path).value();
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(dead, address.get(), address.size()), 0);
  ::close(dead);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(reason_of(Listener::open("unix:" + path, false)), "open");
}

TEST(Listener, never_removes_what_is_not_a_socket) {
  const Folder folder;
  const auto path = folder.path + "/file";
  std::ofstream(path) << "precious";
  EXPECT_EQ(reason_of(Listener::open("unix:" + path, false)), "address_in_use");
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(reason_of(Listener::open("unix:" + folder.path + "/none/a.sock", false)), "address_invalid");
}

TEST(Listener, a_server_answers_on_a_unix_socket_and_removes_it_when_drained) {
  const Folder folder;
  const auto path = folder.path + "/control.sock";
  RunningServer server({}, "unix:" + path);
  Client client("unix:" + path);
  EXPECT_EQ(client.get("/peer").body, "unix");
  server.drain(Milliseconds{1000});
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace gatehouse::http
