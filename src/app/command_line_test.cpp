// What the command line is made of: arguments, endpoints, answers, tables, files.
#include "app/command_line.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/arguments.h"
#include "app/data_folder.h"
#include "app/http_client.h"
#include "app/problem_text.h"
#include "app/service_key.h"
#include "app/session_file.h"
#include "app/table.h"
#include "app/welcome.h"
#include "json/reader.h"

namespace gatehouse::app {
namespace {

rlimit file_size_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  return limit;
}

void limit_file_size(const rlimit& limit) {
  std::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

class Folder : public ::testing::Test {
 protected:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "gatehouse_app_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() override { std::filesystem::remove_all(path_); }
  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777U : 0U;
  }
  std::filesystem::path path_;
};

constexpr Option options[] = {{"--config", "FILE", ""}, {"--json", "", ""}};

Result<Arguments> parse(std::vector<std::string> words) { return Arguments::parse(words, options); }

TEST(Arguments, options_may_stand_anywhere_and_take_both_forms) {
  const auto parsed = parse({"one", "--config", "a.yaml", "two", "--json", "--", "--three"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->words(), (std::vector<std::string>{"one", "two", "--three"}));
  EXPECT_EQ(parsed->value("--config"), "a.yaml");
  EXPECT_TRUE(parsed->has("--json"));
  EXPECT_EQ(parse({"--config=b=c"})->value("--config"), "b=c");
}

TEST(Arguments, a_mistake_is_named) {
  EXPECT_EQ(parse({"--confg", "x"}).error().message, "there is no option --confg; did you mean --config?");
  EXPECT_EQ(parse({"--colour"}).error().message, "there is no option --colour");
  EXPECT_EQ(parse({"--config"}).error().message, "--config needs a value: --config FILE");
  EXPECT_EQ(parse({"--json=1"}).error().message, "--json takes no value");
  EXPECT_EQ(parse({"--json", "--json"}).error().message, "--json is given twice");
}

TEST(CommandLine, every_command_has_a_sentence_and_its_words_fit) {
  for (const auto& command : commands()) {
    EXPECT_FALSE(command.doc.empty()) << command.name;
    EXPECT_LE(command.words_min, command.words_max) << command.name;
    EXPECT_TRUE(command.run) << command.name;
  }
}

TEST(CommandLine, a_misunderstood_line_ends_with_2) {
  const char* unknown[] = {"gatehouse", "srve"};
  EXPECT_EQ(run_command_line(2, unknown), 2);
  const char* nothing[] = {"gatehouse"};
  EXPECT_EQ(run_command_line(1, nothing), 2);
  const char* family[] = {"gatehouse", "role"};
  EXPECT_EQ(run_command_line(2, family), 2);
  for (const char* what : {"foo", "srve"}) {
    const char* unknown_help[] = {"gatehouse", "help", what};
    EXPECT_EQ(run_command_line(3, unknown_help), 2) << what;
  }
  const char* too_many[] = {"gatehouse", "user", "show", "a", "b"};
  EXPECT_EQ(run_command_line(5, too_many), 2);
  EXPECT_EQ(run_command_line(0, nullptr), 2);
}

TEST(Endpoint, urls_are_taken_apart) {
  const auto plain = parse_endpoint("http://127.0.0.1:8080/");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, "8080");
  EXPECT_EQ(plain->authority(), "127.0.0.1:8080");
  EXPECT_EQ(parse_endpoint("http://[::1]:81")->authority(), "[::1]:81");
  EXPECT_EQ(parse_endpoint("http://id.example.com/auth/")->prefix, "/auth");
  EXPECT_EQ(parse_endpoint("unix:/run/g.sock")->path, "/run/g.sock");
  for (const char* bad :
       {"", "127.0.0.1:8080", "http://", "http://a:b", "http://a:99999", "http://a b", "ftp://a", "http://a\r\nx:y"})
    EXPECT_FALSE(parse_endpoint(bad)) << bad;
  EXPECT_NE(parse_endpoint("https://a").error().message.find("does not speak https"), std::string::npos);
}

TEST(Answer, is_read_with_and_without_chunks) {
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")->body, "{}");
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")->body, "{}");
  EXPECT_EQ(parse_response("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")->status, 204);
  for (const char* bad : {"", "HTTP/1.1 200 OK\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}\r\n"})
    EXPECT_FALSE(parse_response(bad)) << bad;
}

TEST(Answer, a_problem_becomes_an_error_again) {
  const auto error = error_of(
      {.status = 422,
       .body =
           R"({"code":"invalid","detail":"No.","errors":[{"field":"username","code":"x","message":"Too short."}]})"});
  EXPECT_EQ(error.reason, "invalid");
  EXPECT_EQ(error.message, "No.");
  ASSERT_EQ(error.fields.size(), 1U);
  EXPECT_EQ(error.fields[0].message, "Too short.");
  EXPECT_EQ(error_of({.status = 502, .body = "<html>"}).message, "the answer was 502");
}

TEST(Table, lists_are_tables_and_objects_are_lines) {
  const auto table = to_table(
      *json::read_object(R"({"roles":[{"name":"user","permissions":["a:b","c:d"]},{"name":"é","permissions":[]}]})"));
  EXPECT_EQ(table, "name  permissions\nuser  a:b c:d\né     \n");
  EXPECT_EQ(to_table(*json::read_object(R"({"keys":[]})")), "(none)\n");
  EXPECT_EQ(to_table(*json::read_object(R"({"id":"1","ok":true})")), "id               1\nok               true\n");
  EXPECT_EQ(to_table(*json::read_object("{\"id\":\"\\u001b[31m\"}")), "id               ?[31m\n");
}

TEST(Welcome, the_lines_work_for_a_unix_socket_too) {
  const auto text =
      welcome_text({.public_address = "unix:/run/g.sock", .admin_address = "127.0.0.1:1", .data_folder = "/d"});
  EXPECT_NE(text.find("curl -s --unix-socket /run/g.sock http://localhost/api/v1/auth/register"), std::string::npos)
      << text;
}

TEST_F(Folder, the_data_folder_is_private_and_for_one_process) {
  auto folder = DataFolder::open(path_ / "deep" / "data");
  ASSERT_TRUE(folder) << folder.error().message;
  EXPECT_EQ(mode_of(folder->path()), 0700U);
  const auto second = DataFolder::open(path_ / "deep" / "data");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().reason, "data_folder_in_use");
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos) << second.error().message;
}

TEST_F(Folder, the_data_folder_can_be_used_again_once_it_is_let_go) {
  {
    const auto first = DataFolder::open(path_);
    ASSERT_TRUE(first);
  }
  EXPECT_TRUE(DataFolder::open(path_));
}

TEST_F(Folder, S108_a_data_folder_that_others_could_read_is_refused_and_left_as_it_is) {
  std::filesystem::permissions(path_, std::filesystem::perms::all);
  const auto folder = DataFolder::open(path_);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("0700"), std::string::npos) << folder.error().message;
  EXPECT_EQ(mode_of(path_), 0777U);
}

TEST_F(Folder, somebody_elses_folder_is_left_alone) {
  std::ofstream(path_ / "letters.txt") << "x";
  const auto folder = DataFolder::open(path_);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("letters.txt"), std::string::npos) << folder.error().message;
  EXPECT_FALSE(std::filesystem::exists(path_ / "lock"));
}

TEST_F(Folder, S108_a_lock_file_that_is_a_link_is_not_followed) {
  std::ofstream(path_ / "victim") << "precious";
  std::filesystem::create_directory(path_ / "data");
  std::filesystem::permissions(path_ / "data", std::filesystem::perms::owner_all);
  for (const bool is_symbolic : {true, false}) {
    if (is_symbolic) std::filesystem::create_symlink(path_ / "victim", path_ / "data" / "lock");
    else std::filesystem::create_hard_link(path_ / "victim", path_ / "data" / "lock");
    const auto folder = DataFolder::open(path_ / "data");
    ASSERT_FALSE(folder);
    EXPECT_NE(folder.error().message.find("lock file"), std::string::npos) << folder.error().message;
    EXPECT_EQ(std::filesystem::file_size(path_ / "victim"), 8U);
    std::filesystem::remove(path_ / "data" / "lock");
  }
}

TEST_F(Folder, a_path_too_long_for_the_control_socket_is_said) {
  const auto folder = DataFolder::open(path_ / std::string(120, 'd'));
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("control socket"), std::string::npos) << folder.error().message;
  EXPECT_FALSE(std::filesystem::exists(path_ / std::string(120, 'd')));
}

TEST_F(Folder, an_operator_makes_no_data_folder) {
  for (const auto& path : {path_, path_ / "nowhere"}) {
    const auto folder = DataFolder::open_existing(path);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().reason, "data_folder_empty");
    EXPECT_NE(folder.error().message.find("--data-dir"), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::is_empty(path_));
}

TEST_F(Folder, a_file_is_no_data_folder) {
  std::ofstream(path_ / "file") << "x";
  const auto folder = DataFolder::open(path_ / "file");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().reason, "data_folder_unusable");
}

TEST_F(Folder, sessions_are_kept_for_their_owner_only) {
  {
    auto file = SessionFile::open(path_ / "gatehouse");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->put("http://a", {.access_token = "one", .refresh_token = "two", .access_expires_at_ms = 3}));
  }
  EXPECT_EQ(mode_of(path_ / "gatehouse" / "sessions.json"), 0600U);
  auto file = SessionFile::open(path_ / "gatehouse");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->last_url(), "http://a");
  ASSERT_TRUE(file->find(""));
  EXPECT_EQ(file->find("")->refresh_token, "two");
  EXPECT_FALSE(file->find("http://b"));
  ASSERT_TRUE(file->remove("http://a"));
  EXPECT_FALSE(file->find("http://a"));
}

TEST_F(Folder, a_damaged_session_file_is_named) {
  std::ofstream(path_ / "sessions.json") << "{";
  const auto file = SessionFile::open(path_);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("sessions.json"), std::string::npos);
}

TEST_F(Folder, F09_a_service_key_appears_under_its_name_whole_or_not_at_all) {
  SeededRandom random(1);
  const auto file = path_ / "service-auth.key";
  const rlimit was = file_size_limit();
  limit_file_size({.rlim_cur = 10, .rlim_max = was.rlim_max});  // the disk is full in the middle of the key
  const auto refused = load_or_create_service_digest(file, random);
  limit_file_size(was);
  EXPECT_FALSE(refused);
  EXPECT_TRUE(std::filesystem::is_empty(path_));
  EXPECT_TRUE(load_or_create_service_digest(file, random)) << "the next start is not refused";
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path_), {}), 1) << "and leaves nothing else behind";
}

TEST_F(Folder, the_service_key_is_made_once_and_refused_when_it_is_unsafe) {
  SeededRandom random(1);
  const auto file = path_ / "keys" / "service-auth.key";
  const auto made = load_or_create_service_digest(file, random);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(mode_of(file), 0600U);
  EXPECT_EQ(mode_of(path_ / "keys"), 0700U);
  EXPECT_EQ(*load_or_create_service_digest(file, random), *made);
  std::filesystem::permissions(file, std::filesystem::perms::others_read, std::filesystem::perm_options::add);
  EXPECT_FALSE(load_or_create_service_digest(file, random)) << "S-108: readable by others";
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::ofstream(file) << "short\n";
  EXPECT_FALSE(load_or_create_service_digest(file, random));
}

}  // namespace
}  // namespace gatehouse::app
