#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "config/load.h"
#include "config/value.h"
#include "config/yaml.h"

namespace gatehouse::config {
namespace {

Result<Loaded> from_yaml(std::string_view text) {
  Loaded loaded;
  auto done = apply_yaml(text, "gatehouse.yaml", schema(), loaded);
  if (!done) return pass(done);
  done = check(loaded.config);
  if (!done) return pass(done);
  return loaded;
}

std::string refusal_of(std::string_view text) {
  const auto loaded = from_yaml(text);
  return loaded ? "accepted" : loaded.error().message;
}

TEST(Schema, the_defaults_are_within_their_own_bounds) {
  for (const auto& key : schema()) {
    Config config;
    const auto* number = std::get_if<std::uint32_t& (*)(Config&)>(&key.field);
    if (number) {
      EXPECT_GE((*number)(config), key.least) << key.path();
      EXPECT_LE((*number)(config), key.most) << key.path();
    }
    EXPECT_FALSE(key.doc.empty()) << key.path();
    EXPECT_TRUE(key.doc.ends_with('.') || key.doc.ends_with(">.")) << key.path();
  }
  EXPECT_TRUE(check(Config{}));
}

TEST(Schema, every_key_leads_to_a_field_of_its_own) {
  Config config;
  std::set<const void*> fields;
  for (const auto& key : schema())
    std::visit([&](auto field) { EXPECT_TRUE(fields.insert(&field(config)).second) << key.path(); }, key.field);
}

TEST(Schema, no_key_holds_a_secret_itself) {
  for (const auto& key : schema())
    for (const std::string_view word : {"secret", "password", "key", "token"})
      if (key.name.ends_with(word)) {
        EXPECT_TRUE(key.is_secret) << key.path();
      }
}

TEST(Load, nothing_at_all_is_a_configuration) {
  const auto loaded = load(Inputs{});
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.server.public_address, "127.0.0.1:8080");
  EXPECT_TRUE(loaded->sources.empty());
  EXPECT_TRUE(from_yaml(""));
  EXPECT_TRUE(from_yaml("# nothing\nserver:\n"));
}

TEST(Load, the_command_line_wins_over_the_environment_and_that_over_the_file) {
  const auto file = std::filesystem::temp_directory_path() / "gatehouse_config_test.yaml";
  std::ofstream(file) << "server:\n  shards: 1\n  connections_max: 10\nlog:\n  level: warn\n";
  Inputs inputs{.file = file, .environment = {}, .options = {{"server.shards", "3"}}};
  inputs.environment = {
      {"GATEHOUSE__SERVER__SHARDS", "2"}, {"GATEHOUSE__SERVER__CONNECTIONS_MAX", "20"}, {"HOME", "/"}};
  const auto loaded = load(inputs);
  std::filesystem::remove(file);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->config.server.shards, 3U);
  EXPECT_EQ(loaded->config.server.connections_max, 20U);
  EXPECT_EQ(loaded->config.log.level, "warn");
  EXPECT_EQ(loaded->sources.at("server.shards"), "command line");
  EXPECT_EQ(loaded->sources.at("server.connections_max"), "environment variable GATEHOUSE__SERVER__CONNECTIONS_MAX");
  EXPECT_TRUE(loaded->sources.at("log.level").ends_with(":5:3"));
}

TEST(Load, an_unknown_key_stops_and_names_its_nearest_neighbour) {
  EXPECT_EQ(refusal_of("server:\n  publc_address: 127.0.0.1:1\n"),
            "gatehouse.yaml:2:3: unknown key \"server.publc_address\"; did you mean \"server.public_address\"?");
  Loaded loaded;
  const auto done = apply_environment({{"GATEHOUSE__PASSWORDS__LENGTH_MIN", "9"}}, schema(), loaded);
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find("did you mean \"password.length_min\"?"), std::string::npos)
      << done.error().message;
}

TEST(Load, a_wrong_value_gets_one_sentence_with_its_place) {
  EXPECT_EQ(refusal_of("server:\n  shards: many\n"),
            "gatehouse.yaml:2:3: \"server.shards\" must be a whole number from 0 to 256, not \"many\"");
  EXPECT_EQ(refusal_of("rate_limit:\n  enabled: yes\n"),
            "gatehouse.yaml:2:3: \"rate_limit.enabled\" must be true or false, not \"yes\"");
  EXPECT_EQ(refusal_of("log: {level: loud}\n"),
            "gatehouse.yaml:1:7: \"log.level\" must be one of debug|info|warn|error|off, not \"loud\"");
  EXPECT_NE(refusal_of("server:\n  public_address: 'localhost:8080'\n").find("must be an address and port"),
            std::string::npos);
  EXPECT_NE(refusal_of("server:\n  shards: [1]\n").find("one value, not a list"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  trusted_proxies: 10.0.0.1\n").find("must be a list"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  shards: -1\n").find("whole number"), std::string::npos);
  for (const auto* escape : {"\\N", "\\x01", "\\x7f", "\\u0085", "\\0"})
    EXPECT_NE(refusal_of("mail:\n  from: \"A " + std::string(escape) + "\"\n").find("control characters"), std::string::npos);
  EXPECT_NE(refusal_of("password:\n  length_min: 7\n").find("from 8 to 64"), std::string::npos);
}

TEST(Load, a_broken_file_is_refused_with_line_and_column) {
  EXPECT_NE(refusal_of("server:\n  shards: 1\n  shards: 2\n").find(":3:3: `server.shards` stands here a second time"),
            std::string::npos);
  EXPECT_NE(refusal_of("log:\n  level: info\nlog:\n  level: warn\n").find("a second time"), std::string::npos);
  EXPECT_NE(refusal_of("server: &a\n  shards: 1\n").find("anchors"), std::string::npos);
  EXPECT_NE(refusal_of("server: *a\n"), "accepted");
  EXPECT_NE(refusal_of("server: !!map\n  shards: 1\n").find("tags"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  shards: {a: 1}\n").find("deeper nesting"), std::string::npos);
  EXPECT_NE(refusal_of("[1, 2]\n").find("no list is expected"), std::string::npos);
  EXPECT_NE(refusal_of("server: 1\n").find("is a section"), std::string::npos);
  EXPECT_NE(refusal_of("just words\n").find("map of sections"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  shards: \"1\n").find("gatehouse.yaml:"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  shards:\n").find("no value"), std::string::npos);
  EXPECT_NE(refusal_of("a: {}\n---\nb: {}\n").find("more than one document"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(yaml_bytes_max + 1, '#')).find("larger"), std::string::npos);
  EXPECT_NE(refusal_of(std::string("server:\0", 8)).find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal_of("\xff\xfe").find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(100'000, '[')), "accepted");
  EXPECT_NE(refusal_of(std::string(100'000, '{')), "accepted");
}

TEST(Load, a_key_outside_its_section_is_told_where_it_belongs) {
  for (const auto* text : {"server.public_address: 127.0.0.1:1\n", "public_address: 127.0.0.1:1\n", "pubic_address: 127.0.0.1:1\n"}) {
    const auto said = refusal_of(text);
    EXPECT_NE(said.find("\"server:\" with \"  public_address: …\" on a line below it, indented with spaces"),
              std::string::npos)
        << said;
  }
  EXPECT_TRUE(refusal_of("log:\n  level: info\nshards: 1\n").starts_with("gatehouse.yaml:3:1: \"shards\" is no section; write"));
  EXPECT_EQ(refusal_of("server:\n\tpublic_address: 127.0.0.1:1\n"),
            "gatehouse.yaml:2:16: this line is indented with a tab, which YAML does not take: use spaces");
  EXPECT_NE(refusal_of("sever: 7\n").find("did you mean \"server:\""), std::string::npos) << refusal_of("sever: 7\n");
}

TEST(Load, a_file_that_cannot_be_read_says_why) {
  const auto loaded = load(Inputs{.file = "/nowhere/gatehouse.yaml", .environment = {}, .options = {}});
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().message.find("No such file"), std::string::npos) << loaded.error().message;
}

TEST(Load, S108_insecure_configurations_refuse_to_start) {
  EXPECT_NE(refusal_of("server:\n  public_address: 0.0.0.0:8080\n").find("allow_plaintext"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  internal_address: '[::]:8082'\n").find("allow_plaintext"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  admin_address: 0.0.0.0:8081\n").find("allow_plaintext"), std::string::npos);
  EXPECT_EQ(refusal_of("server:\n  public_address: 192.0.2.1:8080\n  allow_plaintext: true\n"), "accepted");
  EXPECT_EQ(refusal_of("server:\n  public_address: unix:/run/gatehouse.sock\n  public_url: https://id.example.com\n"), "accepted");
  EXPECT_NE(refusal_of("server:\n  trusted_proxies: [0.0.0.0/0]\n").find("believe everybody"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  trusted_proxies: ['::/0']\n").find("believe everybody"), std::string::npos);
  EXPECT_NE(refusal_of("server:\n  cors_origins: ['*']\n").find("exact origins"), std::string::npos);
  EXPECT_NE(refusal_of("password:\n  argon2_memory_kib: 1024\n").find("from 19456"), std::string::npos);
  EXPECT_NE(refusal_of("password:\n  argon2_passes: 1\n").find("47104"), std::string::npos);
  EXPECT_NE(refusal_of("token:\n  algorithm: HS256\n").find("must be one of"), std::string::npos);
}

TEST(Load, every_address_of_the_machine_is_no_issuer) {
  for (const std::string address : {"0.0.0.0:8080", "'[::]:8080'"}) {
    const auto server = "server:\n  allow_plaintext: true\n  public_address: " + address + "\n";
    EXPECT_NE(refusal_of(server).find("set server.public_url"), std::string::npos) << address;
    EXPECT_EQ(refusal_of(server + "  public_url: https://id.example.com\n"), "accepted") << address;
  }
}

TEST(Load, a_variable_that_lacks_an_underscore_is_named) {
  const auto refusal = [](const char* variable) {
    Loaded loaded;
    const auto done = apply_environment({{variable, "1"}}, schema(), loaded);
    return done ? "accepted" : done.error().message;
  };
  for (const auto* variable : {"GATEHOUSE_SERVER__SHARDS", "GATEHOUSE_SERVER_SHARDS"})
    EXPECT_NE(refusal(variable).find("write GATEHOUSE__SERVER__SHARDS"), std::string::npos) << refusal(variable);
  EXPECT_NE(refusal("GATEHOUSE_SERVER__SHARD").find("GATEHOUSE__SECTION__KEY"), std::string::npos);
  for (const auto* variable : {"GATEHOUSE_SERVICE_HOST", "GATEHOUSE_PORT_8080_TCP", "GATEHOUSE_HOME", "GATEHOUSES__X"})
    EXPECT_EQ(refusal(variable), "accepted") << variable;
}

TEST(Load, combinations_that_cannot_work_are_refused) {
  EXPECT_NE(refusal_of("server:\n  admin_address: 127.0.0.1:8080\n").find("three different"), std::string::npos);
  EXPECT_EQ(
      refusal_of(
          "server: {public_address: '127.0.0.1:0', admin_address: '127.0.0.1:0', internal_address: '127.0.0.1:0'}\n"),
      "accepted");
  EXPECT_NE(refusal_of("token:\n  session_lifetime_s: 60\n").find("outlive"), std::string::npos);
  EXPECT_NE(refusal_of("password:\n  argon2_memory_kib: 200000\n  hash_memory_mib: 100\n").find("less than one hash"),
            std::string::npos);
}

TEST(Value, a_duration_is_taken_in_any_unit_that_fits) {
  const auto idle = [](std::string_view text) {
    const auto loaded = from_yaml("server:\n  idle_timeout_ms: " + std::string(text) + "\n");
    return loaded ? loaded->config.server.idle_timeout_ms : 0U;
  };
  EXPECT_EQ(idle("1500"), 1500U);
  EXPECT_EQ(idle("30s"), 30'000U);
  EXPECT_EQ(idle("2m"), 120'000U);
  EXPECT_EQ(idle("2 m"), 0U);
  EXPECT_EQ(idle("99999999999999999999s"), 0U);
  EXPECT_EQ(from_yaml("token:\n  session_lifetime_s: 30d\n")->config.token.session_lifetime_s, 2'592'000U);
  EXPECT_FALSE(from_yaml("token:\n  session_lifetime_s: 60500ms\n")) << "half a second cannot be kept";
  EXPECT_FALSE(from_yaml("server:\n  shards: 2s\n"));
}

TEST(Value, addresses_are_literal) {
  EXPECT_EQ(parse_address("[::1]:8080")->host, "::1");
  EXPECT_TRUE(parse_address("[::1]:8080")->is_loopback());
  EXPECT_TRUE(parse_address("127.1.2.3:1")->is_loopback());
  EXPECT_FALSE(parse_address("0.0.0.0:80")->is_loopback());
  for (const char* bad : {"", ":80", "::1:80", "localhost:80", "1.2.3.4", "1.2.3.4:65536", "1.2.3.4:-1", "[1.2.3.4]:1",
                          "unix:relative", "1.2.3.4:8 "})
    EXPECT_FALSE(parse_address(bad)) << bad;
}

TEST(Print, shows_values_with_their_sources_and_can_be_loaded_again) {
  auto loaded = from_yaml(
      "server:\n  cors_origins: ['https://a.example', 'https://b.example']\nmail:\n  from: \"A \\\"B\\\" <a@b>\"\n");
  ASSERT_TRUE(loaded);
  const auto text = print(*loaded);
  EXPECT_NE(text.find("# gatehouse.yaml:2:3"), std::string::npos) << text;
  EXPECT_NE(text.find("# default"), std::string::npos);
  const auto again = from_yaml(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->config.mail.from, "A \"B\" <a@b>");
  EXPECT_EQ(again->config.server.cors_origins, loaded->config.server.cors_origins);
}

const Key with_secret[] = {{.section = "mail",
                            .name = "relay_password",
                            .field = +[](Config& config) -> std::string& { return config.mail.product_name; },
                            .doc = "A secret.",
                            .is_secret = true}};

TEST(Secrets, are_read_from_a_file_and_masked_when_printed) {
  const auto file = std::filesystem::temp_directory_path() / "gatehouse_config_test_secret";
  std::ofstream(file) << "hunter2\n";
  Loaded loaded;
  const auto done = apply_yaml("mail:\n  relay_password_file: " + file.string() + "\n", "g.yaml", with_secret, loaded);
  std::filesystem::remove(file);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(loaded.config.mail.product_name, "hunter2");
  const auto text = print(loaded, with_secret);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  EXPECT_NE(text.find("(set)"), std::string::npos);
  Loaded missing;
  EXPECT_FALSE(apply_yaml("mail:\n  relay_password_file: /nowhere/at/all\n", "g.yaml", with_secret, missing));
}

TEST(Guide, names_every_key) {
  const auto text = guide();
  for (const auto& key : schema()) EXPECT_NE(text.find("`" + key.path() + "`"), std::string::npos) << key.path();
}

}  // namespace
}  // namespace gatehouse::config
