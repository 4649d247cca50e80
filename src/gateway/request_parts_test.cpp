#include <gtest/gtest.h>

#include <set>

#include "gateway/arrival.h"
#include "gateway/conditional.h"
#include "gateway/cors.h"
#include "gateway/query.h"
#include "telemetry/trace.h"

namespace gatehouse::gateway {
namespace {

http::Request with(std::vector<http::Field> fields) {
  http::Request request;
  request.peer = "192.0.2.1";
  request.fields = std::move(fields);
  return request;
}

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& field : response.fields)
    if (field.first == name) return field.second;
  return "";
}

class ArrivalOfARequest : public testing::Test {
 protected:
  ManualClock clock;
  SeededRandom random{3};
  Arrivals arrivals{TrustedProxies(), Milliseconds{10'000}, clock, random};

  Call begin(std::vector<http::Field> fields) {
    const auto request = with(std::move(fields));
    return arrivals.begin(request).call;
  }
};

TEST_F(ArrivalOfARequest, keeps_a_correlation_id_that_is_one) {
  EXPECT_EQ(begin({{"x-correlation-id", "Order_7.retry-2"}}).correlation_id.view(), "Order_7.retry-2");
}

TEST_F(ArrivalOfARequest, S68_replaces_a_correlation_id_that_is_none) {
  const std::string too_long(65, 'a');
  for (const std::string_view sent : {std::string_view("a b"), std::string_view("a\tb"), std::string_view("é"),
                                      std::string_view(too_long), std::string_view("a;b"), std::string_view("")})
    EXPECT_TRUE(Uuid::parse(begin({{"x-correlation-id", sent}}).correlation_id)) << sent;
}

TEST_F(ArrivalOfARequest, stays_inside_the_trace_it_was_sent_in) {
  constexpr std::string_view sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto call = begin({{"traceparent", sent}});
  const auto trace = telemetry::parse_trace_parent(call.trace_parent.view());
  ASSERT_TRUE(trace);
  EXPECT_EQ(call.trace_parent.view().substr(0, 36), sent.substr(0, 36));
  EXPECT_NE(call.trace_parent.view(), sent) << "a span of its own";
  EXPECT_TRUE(trace->is_sampled);
}

TEST_F(ArrivalOfARequest, starts_a_trace_when_none_or_two_were_sent) {
  constexpr std::string_view sent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::vector<std::vector<http::Field>> senders{{}, {{"traceparent", sent}, {"traceparent", sent}}, {{"traceparent", "junk"}}};
  for (const auto& fields : senders) {
    const auto call = begin(fields);
    ASSERT_TRUE(telemetry::parse_trace_parent(call.trace_parent.view()));
    EXPECT_NE(call.trace_parent.view().substr(0, 36), sent.substr(0, 36));
  }
}

TEST_F(ArrivalOfARequest, is_worth_answering_for_so_long) {
  const auto call = begin({});
  EXPECT_FALSE(call.is_expired(clock.steady() + Milliseconds{9'999}));
  EXPECT_TRUE(call.is_expired(clock.steady() + Milliseconds{10'000}));
}

TEST(IdRandom, never_hands_out_the_same_octets_twice) {
  SeededRandom source(1);
  IdRandom random(source);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::array<std::uint8_t, 16> octets{};
    random.fill(octets);
    EXPECT_TRUE(seen.insert(std::string(as_view(octets))).second);
  }
}

TEST(IfNoneMatch, is_a_list_compared_weakly) {
  for (const auto* sent : {"\"v3\"", "W/\"v3\"", "*", "\"x\", \"v3\"", "\"x\",W/\"v3\"", " \"v3\" "})
    EXPECT_TRUE(has_current(with({{"if-none-match", sent}}), "\"v3\"")) << sent;
  for (const auto* sent : {"\"v4\"", "v3", "", "\"v3", "\"v", "W/*", "\"x\" \"y\"x\"v3\""})
    EXPECT_FALSE(has_current(with({{"if-none-match", sent}}), "\"v3\"")) << sent;
  EXPECT_FALSE(has_current(with({}), "\"v3\""));
  EXPECT_TRUE(has_current(with({{"if-none-match", "\"a\""}, {"if-none-match", "\"v3\""}}), "\"v3\""));
}

TEST(IfMatch, is_a_list_compared_strongly) {
  const auto condition = [](const char* sent) { return version_condition(with({{"if-match", sent}})); };
  EXPECT_TRUE(version_condition(with({}))->holds_for(7));
  EXPECT_TRUE(condition("*")->holds_for(7));
  EXPECT_TRUE(condition("\"v6\", \"v7\"")->holds_for(7));
  EXPECT_FALSE(condition("\"v6\"")->holds_for(7));
  EXPECT_FALSE(condition("W/\"v7\"")->holds_for(7)) << "a weak tag never matches strongly";
  EXPECT_FALSE(condition("\"none\"")->holds_for(7));
  EXPECT_FALSE(condition("\"v-7\"")->holds_for(7));
  for (const auto* sent : {"7", "v7", "\"v7", "\"v7\"x", ""}) EXPECT_FALSE(condition(sent)) << sent;
}

TEST(Etag, of_a_version_is_read_back) {
  EXPECT_EQ(etag_of_version(1), "\"v1\"");
  EXPECT_EQ(etag_of_version(INT64_MAX), "\"v9223372036854775807\"");
  const auto tag = etag_of_version(INT64_MAX);
  EXPECT_TRUE(version_condition(with({{"if-match", tag}}))->holds_for(INT64_MAX));
}

TEST(Page, S98_S100_of_a_list_is_bounded_typed_and_asked_for_once) {
  EXPECT_EQ(read_page("")->size, 50);
  EXPECT_EQ(read_page("page_size=1&page_token=abc_-.~")->token, "abc_-.~");
  EXPECT_EQ(read_page("page_size=100")->size, 100);
  for (const auto* query : {"page_size=0", "page_size=101", "page_size=-1", "page_size=1e9", "page_size=", "page_size", "page_size=%31",
                            "page_size=99999999999999999999", "page_size=+1"})
    EXPECT_EQ(read_page(query).error().reason, "page_size_invalid") << query;
  for (const auto* query : {"page_token=", "page_token=%00", "page_token='", "page_token=a+b"})
    EXPECT_EQ(read_page(query).error().reason, "page_token_invalid") << query;
  EXPECT_EQ(read_page("page_token=" + std::string(513, 'a')).error().reason, "page_token_invalid");
  for (const auto* query : {"page_size=1&page_size=1", "page_token=a&page_token=a", "limit=5", "&", "PAGE_SIZE=1&&"})
    EXPECT_EQ(read_page(query).error().reason, "malformed_query") << query;
}

TEST(Cors, S70_lets_in_exact_origins_and_reflects_nothing) {
  const Cors cors({"https://app.example.com"});
  http::Response allowed, refused;
  cors.apply(with({{"origin", "https://app.example.com"}}), allowed);
  EXPECT_EQ(header(allowed, "access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(header(allowed, "vary"), "Origin");
  EXPECT_EQ(header(allowed, "access-control-allow-credentials"), "");
  for (const auto* origin : {"https://app.example.com.evil.com", "http://app.example.com", "https://APP.example.com", "null",
                             "https://app.example.com:443", "https://evil.com", "https://app.example.com "}) {
    http::Response response;
    cors.apply(with({{"origin", origin}}), response);
    EXPECT_EQ(header(response, "access-control-allow-origin"), "") << origin;
    EXPECT_EQ(header(response, "vary"), "Origin") << origin;
  }
  cors.apply(with({{"origin", "https://app.example.com"}, {"origin", "https://evil.com"}}), refused);
  EXPECT_EQ(header(refused, "access-control-allow-origin"), "");
}

TEST(Cors, S70_is_silent_when_no_origin_is_configured) {
  const Cors cors({});
  http::Response response;
  cors.apply(with({{"origin", "https://app.example.com"}}), response);
  EXPECT_TRUE(response.fields.empty());
}

TEST(Cors, answers_a_preflight_of_an_allowed_origin_only) {
  const Cors cors({"https://app.example.com"});
  const auto preflight = [&](const char* origin) {
    return cors.answer_options(with({{"origin", origin}, {"access-control-request-method", "PATCH"}}), "GET, PATCH, OPTIONS");
  };
  const auto allowed = preflight("https://app.example.com"), refused = preflight("https://evil.com");
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(header(allowed, "access-control-allow-methods"), "GET, PATCH, OPTIONS");
  EXPECT_NE(header(allowed, "access-control-allow-headers").find("authorization"), std::string::npos);
  EXPECT_EQ(refused.status, 204);
  EXPECT_EQ(header(refused, "allow"), "GET, PATCH, OPTIONS");
  EXPECT_EQ(header(refused, "access-control-allow-methods"), "");
}

}  // namespace
}  // namespace gatehouse::gateway
