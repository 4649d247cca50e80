#include "events/event.h"

#include <gtest/gtest.h>

namespace gatehouse::events {
namespace {

Event sample() {
  return {.event_id = "018bcfe5-687b-7000-8000-000000000001",
          .event_type = "user.created.v1",
          .source = "identity",
          .subject = "018bcfe5-687b-7000-8000-00000000000a",
          .subject_version = 3,
          .occurred_at = from_ms(1'700'000'000'123),
          .correlation_id = "c-\"1\"",
          .trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          .key_id = "k-1",
          .data = "\"AAAA\""};
}

std::string replaced(std::string_view what, std::string_view with) {
  auto text = to_json(sample());
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Event, round_trips_sealed_and_plain) {
  auto plain = sample();
  plain.key_id.clear();
  plain.data = R"({"role":"admin","n":[1,2]})";
  for (const auto& event : {sample(), plain}) {
    const auto back = from_json(to_json(event));
    ASSERT_TRUE(back) << back.error().detail;
    EXPECT_EQ(to_json(*back), to_json(event));
    EXPECT_EQ(back->occurred_at, event.occurred_at);
    EXPECT_EQ(back->data, event.data);
  }
}

TEST(Event, with_a_member_we_do_not_know_is_still_read) {
  EXPECT_TRUE(from_json(replaced(R"("source")", R"("region":"eu","source")")));
}

TEST(Event, outside_the_envelope_is_refused) {
  const std::pair<const char*, const char*> changes[] = {
      {"018bcfe5-687b-7000-8000-000000000001", "1"},
      {"user.created.v1", "user.created"},
      {"user.created.v1", "user..created.v1"},
      {"user.created.v1", "User.created.v1"},
      {"user.created.v1", "user.created.v01"},
      {R"("source":"identity")", R"("source":"")"},
      {R"("source":"identity")", R"("source":7)"},
      {R"("subject_version":3)", R"("subject_version":0)"},
      {R"("subject_version":3)", R"("subject_version":"3")"},
      {R"("subject_version":3)", R"("subject_version":3.5)"},
      {"2023-11-14T22:13:20.123Z", "2023-13-14T22:13:20.123Z"},
      {R"("data":"AAAA")", R"("data":7)"},
      {R"("data":"AAAA")", R"("data":{})"},
      {R"("key_id":"k-1",)", ""},
      {R"("source":"identity")", R"("source":"identity","source":"auth")"},
  };
  for (const auto& [what, with] : changes) {
    const auto read = from_json(replaced(what, with));
    ASSERT_FALSE(read) << with;
    EXPECT_EQ(read.error().reason, "event_malformed");
  }
  for (const auto* text : {"", "[]", "{}", "null", "{\"event_id\":"}) EXPECT_FALSE(from_json(text)) << text;
}

}  // namespace
}  // namespace gatehouse::events
