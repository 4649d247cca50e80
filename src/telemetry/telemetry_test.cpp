#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "runtime/shard.h"
#include "telemetry/health.h"
#include "telemetry/log.h"
#include "telemetry/log_line.h"
#include "telemetry/metrics.h"
#include "telemetry/trace.h"

namespace gatehouse {
namespace {

const WallTime noon = from_ms(1'700'000'000'123);

std::string line_of(std::string_view message, std::initializer_list<log::Field> fields = {}) {
  return log::format_line(noon, log::Level::info, message, {fields.begin(), fields.size()});
}

TEST(LogLine, is_one_json_object_with_time_level_message_and_fields) {
  EXPECT_EQ(line_of("started", {{"port", std::int64_t{8080}}, {"ok", true}, {"name", std::string_view("a")}}),
            R"({"ts":"2023-11-14T22:13:20.123Z","level":"info","message":"started","port":8080,"ok":true,"name":"a"})");
}

TEST(LogLine, S105_line_breaks_and_terminal_sequences_are_escaped) {
  const auto line = line_of("x\r\n{\"level\":\"forged\"}", {{"user", std::string_view("\x1b[31mred\x7f\xC2\x9B" "31m\0b", 16)}});
  for (const char c : line) EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << line;
  EXPECT_EQ(line.find('\x7f'), std::string::npos);
  EXPECT_EQ(line.find("\xC2\x9B"), std::string::npos);
  EXPECT_NE(line.find(R"(x\u000d\u000a{\"level\":\"forged\"})"), std::string::npos) << line;
  EXPECT_NE(line.find(R"(\u001b[31mred\u007f\u009b31m\u0000b)"), std::string::npos) << line;
}

TEST(LogLine, S105_line_separators_and_bidirectional_overrides_are_escaped) {
  EXPECT_NE(line_of("a\u2028b\u202Ec\u2066d").find(R"(a\u2028b\u202ec\u2066d)"), std::string::npos);
}

TEST(LogLine, S105_invalid_utf8_is_replaced_and_valid_text_kept) {
  EXPECT_NE(line_of("gr\u00fc\u00dfe \u4f60 \U0001F600").find("gr\u00fc\u00dfe \u4f60 \U0001F600"), std::string::npos);
  for (const auto* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xbd", "\x80"}) {
    const auto line = line_of(bad);
    EXPECT_NE(line.find("\xEF\xBF\xBD"), std::string::npos);
    EXPECT_EQ(line.find(bad), std::string::npos);
  }
}

TEST(LogLine, a_long_value_is_cut) {
  const std::string flood(1'000'000, 'a');
  EXPECT_LT(line_of(flood).size(), 2 * log::value_bytes_max);
}

TEST(Log, writes_nothing_below_its_level_and_one_line_a_call_at_or_above) {
  std::vector<std::string> lines;
  log::set_sink([&lines](std::string_view line) { lines.emplace_back(line); });
  log::set_level(log::Level::warn);
  log::info("quiet");
  log::warn("loud");
  log::set_level(log::Level::info);
  log::set_sink({});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("level":"warn","message":"loud")"), std::string::npos);
}

TEST(Log, a_failure_carries_its_correlation_id_reason_and_private_detail) {
  std::vector<std::string> lines;
  log::set_sink([&lines](std::string_view line) { lines.emplace_back(line); });
  Call call;
  call.correlation_id = std::string_view("c-1");
  log::failure("it broke", call, internal("disk {} on fire").error());
  log::set_sink({});
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find(R"("level":"error")"), std::string::npos);
  EXPECT_NE(lines[0].find(R"("correlation_id":"c-1","code":"internal","reason":"internal","detail":"disk {} on fire")"),
            std::string::npos);
}

TEST(Metrics, the_same_name_and_labels_are_the_same_handle) {
  telemetry::Metrics metrics;
  auto& one = metrics.counter("gatehouse_logins_total", "Logins.", {{"result", "ok"}});
  auto& again = metrics.counter("gatehouse_logins_total", "Logins.", {{"result", "ok"}});
  auto& other = metrics.counter("gatehouse_logins_total", "Logins.", {{"result", "no"}});
  EXPECT_EQ(&one, &again);
  EXPECT_NE(&one, &other);
}

TEST(Metrics, are_exposed_in_the_text_format) {
  telemetry::Metrics metrics;
  metrics.counter("gatehouse_logins_total", "Logins.", {{"result", "ok"}}).Increment(3);
  metrics.gauge("gatehouse_connections", "Open connections.").Set(2);
  metrics.histogram("gatehouse_request_seconds", "Time.").Observe(0.002);
  const auto text = metrics.expose();
  EXPECT_NE(text.find("gatehouse_logins_total{result=\"ok\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_connections 2"), std::string::npos) << text;
  EXPECT_NE(text.find("gatehouse_request_seconds_bucket{le=\"0.0025\"} 1"), std::string::npos) << text;
}

TEST(TraceParent, round_trips) {
  const std::string text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto parsed = telemetry::parse_trace_parent(text);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->is_sampled);
  EXPECT_EQ(parsed->str(), text);
}

TEST(TraceParent, of_a_later_version_is_read_as_far_as_it_agrees) {
  const auto parsed = telemetry::parse_trace_parent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->str(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
}

TEST(TraceParent, that_breaks_the_grammar_is_refused) {
  for (const auto* text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-011",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\n",
                           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00more"})
    EXPECT_FALSE(telemetry::parse_trace_parent(text)) << text;
}

TEST(TraceParent, a_child_keeps_the_trace_and_changes_the_span) {
  SeededRandom random(7);
  const auto parent = telemetry::start_trace(true, random);
  const auto child = telemetry::child_of(parent, random);
  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_EQ(telemetry::parse_trace_parent(child.str()), child);
}

Task<void> answer(Result<void> result) { co_return result; }

telemetry::Health::Report ask(const telemetry::Health& health) {
  Shard shard(0);
  shard.start();
  auto report = asio::co_spawn(shard.executor(), health.ask(Call{}), asio::use_future).get();
  shard.stop();
  return report;
}

TEST(Health, is_ready_when_every_check_answers_and_one_name_is_one_answer) {
  telemetry::Health health;
  health.add("database", [](Call) { return answer({}); });
  health.add("database", [](Call) { return answer({}); });
  const auto report = ask(health);
  EXPECT_TRUE(report.is_ready);
  ASSERT_EQ(report.checks.size(), 1U);
  EXPECT_TRUE(report.checks[0].is_ready);
}

TEST(Health, one_failing_check_makes_its_name_and_the_whole_not_ready) {
  telemetry::Health health;
  health.add("database", [](Call) { return answer({}); });
  health.add("database", [](Call) { return answer(unavailable("storage_full", "no space")); });
  health.add("kafka", [](Call) { return answer({}); });
  const auto report = ask(health);
  EXPECT_FALSE(report.is_ready);
  ASSERT_EQ(report.checks.size(), 2U);
  EXPECT_FALSE(report.checks[0].is_ready);
  EXPECT_TRUE(report.checks[1].is_ready);
}

TEST(Health, is_not_ready_while_draining) {
  telemetry::Health health;
  health.start_draining();
  EXPECT_FALSE(ask(health).is_ready);
}

}  // namespace
}  // namespace gatehouse
