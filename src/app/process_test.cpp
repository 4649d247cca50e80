// The whole process on ports of its own, and the operator's commands on a folder nobody serves.
#include "app/process.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/http_client.h"
#include "app/offline.h"
#include "json/member.h"
#include "json/reader.h"

namespace gatehouse::app {
namespace {

using boost::json::object;

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse_process_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
    config_.storage.data_dir = (path_ / "data").string();
    config_.server.public_address = config_.server.admin_address = config_.server.internal_address = "127.0.0.1:0";
    config_.server.shards = 2;
    config_.password.hash_threads = 1;
  }
  ~ProcessTest() override { std::filesystem::remove_all(path_); }

  static ClientResponse get(const std::string& address, const std::string& target) {
    const auto endpoint = parse_endpoint("http://" + address);
    auto response = fetch(*endpoint, {.target = target});
    return response ? *response : ClientResponse{0, response.error().message};
  }
  Result<object> ask(const std::string& command, const object& arguments) {
    auto folder = DataFolder::open(config_.storage.data_dir);
    if (!folder) return pass(folder);
    auto answer = ask_offline(config_, *std::move(folder), command, arguments);
    if (!answer) return pass(answer);
    return json::read_object(*answer);
  }
  static bool patiently() { return false; }

  std::filesystem::path path_;
  config::Config config_;
};

TEST_F(ProcessTest, serves_on_every_listener_until_it_is_stopped) {
  auto process = Process::open(config_);
  ASSERT_TRUE(process) << process.error().message;
  (*process)->start();
  const auto addresses = (*process)->addresses();
  EXPECT_EQ(get(addresses.admin, "/health/ready").status, 200);
  EXPECT_EQ(get(addresses.public_api, "/.well-known/jwks.json").status, 200);
  EXPECT_EQ(get(addresses.internal, "/internal/permissions/01a1fff6-8a04-726e-8785-dc040a2cbd84").status, 401);
  EXPECT_TRUE((*process)->stop(patiently));
  EXPECT_EQ(get(addresses.admin, "/health/ready").status, 0);
  EXPECT_FALSE(std::filesystem::exists(path_ / "data" / "control.sock"));
}

TEST_F(ProcessTest, a_stop_right_after_the_start_is_as_clean_as_any) {
  for (int i = 0; i < 3; ++i) {
    auto process = Process::open(config_);
    ASSERT_TRUE(process) << process.error().message;
    (*process)->start();
    EXPECT_TRUE((*process)->stop(patiently));
  }
}

TEST_F(ProcessTest, a_folder_in_use_is_said) {
  const auto first = Process::open(config_);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = Process::open(config_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "data_folder_in_use");
}

TEST_F(ProcessTest, a_port_in_use_is_said_before_anything_is_made) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(taken, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  config_.server.public_address = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  const auto refused = Process::open(config_);
  ::close(taken);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, "address_in_use");
  EXPECT_NE(refused.error().message.find(config_.server.public_address), std::string::npos) << refused.error().message;
  EXPECT_TRUE(refused.error().message.starts_with("server.public_address: ")) << refused.error().message;
  EXPECT_FALSE(std::filesystem::exists(path_ / "data" / "identity.db"));
}

TEST_F(ProcessTest, S56_a_lost_master_key_stops_the_start_instead_of_being_made_anew) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  std::filesystem::remove(path_ / "data" / "keys" / "master.key");
  const auto again = Process::open(config_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "master_key_lost");
  EXPECT_FALSE(std::filesystem::exists(path_ / "data" / "keys" / "master.key"));
}

TEST_F(ProcessTest, S56_another_master_key_stops_the_start) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  std::ofstream(path_ / "data" / "keys" / "master.key", std::ios::binary) << std::string(32, 'k');
  const auto again = Process::open(config_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().reason, "master_key_wrong");
  EXPECT_EQ(ask("user-show", {{"user", "ada"}}).error().reason, "master_key_wrong");
}

TEST_F(ProcessTest, a_lost_database_stops_the_start_instead_of_being_made_anew) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  for (const auto* name : {"identity.db", "account.db", "notification.db"}) {
    const auto kept = path_ / "kept";
    std::filesystem::rename(path_ / "data" / name, kept);
    const auto again = Process::open(config_);
    ASSERT_FALSE(again) << name;
    EXPECT_NE(again.error().message.find(name), std::string::npos) << again.error().message;
    EXPECT_FALSE(std::filesystem::exists(path_ / "data" / name));
    std::filesystem::rename(kept, path_ / "data" / name);
  }
  EXPECT_TRUE(Process::open(config_));
}

TEST_F(ProcessTest, an_emptied_database_stops_the_start_instead_of_being_made_anew) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  for (const auto* name : {"identity.db", "notification.db"}) {
    const auto kept = path_ / "kept";
    std::filesystem::rename(path_ / "data" / name, kept);
    std::ofstream(path_ / "data" / name);
    const auto again = Process::open(config_);
    ASSERT_FALSE(again) << name;
    EXPECT_EQ(again.error().reason, "database_lost");
    EXPECT_NE(again.error().message.find(name), std::string::npos) << again.error().message;
    std::filesystem::rename(kept, path_ / "data" / name);
  }
  EXPECT_TRUE(Process::open(config_));
}

TEST_F(ProcessTest, S56_a_master_key_whose_databases_are_all_gone_stops_the_start) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  for (const auto role : database_roles) std::filesystem::remove(path_ / "data" / (std::string(role) + ".db"));
  for (int i = 0; i < 2; ++i) {
    const auto again = Process::open(config_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().reason, "database_lost");
  }
}

TEST_F(ProcessTest, a_first_start_that_was_cut_short_is_finished_by_the_next) {
  {
    ASSERT_TRUE(Process::open(config_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_ / "data" / "first-start"));
  for (const auto* name : {"auth.db", "account.db", "notification.db"})
    std::filesystem::remove(path_ / "data" / name);
  std::ofstream(path_ / "data" / "first-start");
  const auto again = Process::open(config_);
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_FALSE(std::filesystem::exists(path_ / "data" / "first-start"));
}

TEST_F(ProcessTest, an_operator_makes_looks_up_and_disables_a_user) {
  const object ada{{"username", "ada"}, {"password", "a lamp in the fog"}, {"email", "ada@example.com"}};
  const auto made = ask("user-create", ada);
  ASSERT_TRUE(made) << made.error().message;
  const auto id = json::text_of(*made, "id");
  EXPECT_EQ(json::text_of(*made, "status"), "active");
  EXPECT_EQ(json::text_of(*ask("user-show", {{"user", "ADA"}}), "id"), id);
  EXPECT_EQ(json::text_of(*ask("user-show", {{"user", id}}), "username"), "ada");
  EXPECT_EQ(json::text_of(*ask("user-disable", {{"user", "ada"}}), "status"), "disabled");
  EXPECT_EQ(json::text_of(*ask("user-enable", {{"user", "ada"}}), "status"), "active");
  EXPECT_EQ(ask("user-create", ada).error().reason, "username_taken");
  EXPECT_EQ(ask("user-show", {{"user", "nobody"}}).error().code, Code::not_found);
  EXPECT_EQ(ask("user-show", {}).error().reason, "usage");
  EXPECT_EQ(ask("user-create", {{"username", "bob"}, {"password", "short"}}).error().code, Code::invalid_argument);
  EXPECT_EQ(ask("user-create", {{"username", "bob"}, {"password", ""}}).error().reason, "password_too_short");
  const auto unproven = ask("user-show", {{"user", "ada@example.com"}});
  EXPECT_NE(unproven.error().message.find("verified e-mail address"), std::string::npos) << unproven.error().message;
}

TEST_F(ProcessTest, an_operator_is_told_that_the_disk_is_full) {
  auto process = Process::open(config_);
  ASSERT_TRUE(process) << process.error().message;
  (*process)->start();
  rlimit was{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &was), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{.rlim_cur = 4096, .rlim_max = was.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  const Endpoint socket{.path = (path_ / "data" / "control.sock").string()};
  const auto refused = fetch(socket, {.method = "POST", .target = "/keys-rotate", .body = "{\"force\":true}"});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &was), 0);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503);
  EXPECT_NE(refused->body.find("disk of the data folder is full"), std::string::npos) << refused->body;
  EXPECT_TRUE((*process)->stop(patiently));
}

TEST_F(ProcessTest, an_operator_gives_and_takes_roles) {
  ASSERT_TRUE(ask("user-create", {{"username", "ada"}, {"password", "a lamp in the fog"}}));
  ASSERT_TRUE(ask("role-put", {{"role", "auditor"}, {"permissions", {"users:read"}}}));
  const auto assigned = ask("role-assign", {{"user", "ada"}, {"role", "auditor"}});
  ASSERT_TRUE(assigned) << assigned.error().message;
  EXPECT_EQ(assigned->at("permissions").as_array().size(), 1U);
  EXPECT_EQ(ask("role-delete", {{"role", "auditor"}}).error().reason, "role_in_use");
  ASSERT_TRUE(ask("role-remove", {{"user", "ada"}, {"role", "auditor"}}));
  ASSERT_TRUE(ask("role-delete", {{"role", "auditor"}}));
  EXPECT_FALSE(ask("role-assign", {{"user", "ada"}, {"role", "auditor"}}));
}

TEST_F(ProcessTest, an_operator_rotates_the_keys) {
  const auto before = ask("keys-list", {});
  ASSERT_TRUE(before) << before.error().message;
  const auto after = ask("keys-rotate", {});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_GT(after->at("keys").as_array().size(), before->at("keys").as_array().size());
}

TEST_F(ProcessTest, what_an_operator_asks_wrongly_is_answered) {
  EXPECT_EQ(ask("no-such-command", {}).error().reason, "unknown_command");
  const auto unknown = ask("events-dead-replay", {{"consumer", "nosuch"}});
  EXPECT_EQ(unknown.error().reason, "consumer_unknown");
  EXPECT_NE(unknown.error().message.find("notification.mail"), std::string::npos) << unknown.error().message;
  EXPECT_TRUE(ask("events-dead-list", {})->at("dead_letters").as_array().empty());
  EXPECT_EQ(ask("events-dead-replay", {{"id", 7}}).error().reason, "dead_letter_not_found");
}

}  // namespace
}  // namespace gatehouse::app
