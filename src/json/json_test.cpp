#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/random.h"
#include "json/reader.h"
#include "json/writer.h"

namespace gatehouse::json {
namespace {

std::string reason_of(std::string_view text, const ReadLimits& limits = {}) {
  const auto read = read_object(text, limits);
  if (read) return "accepted";
  EXPECT_EQ(read.error().code, Code::invalid_argument);
  EXPECT_FALSE(read.error().message.empty());
  return read.error().reason;
}

std::string nested(std::size_t depth) {
  std::string text = "{\"a\":";
  text.append(depth - 1, '[').append("1").append(depth - 1, ']').append("}");
  return text;
}

TEST(JsonReader, reads_every_kind_of_value) {
  const auto read = read_object(R"( {"s":"a\n\u00e9","i":-7,"d":1.5e3,"t":true,"n":null,"l":[1,{"x":2}]} )");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("s").as_string(), "a\n\xc3\xa9");
  EXPECT_EQ(read->at("i").as_int64(), -7);
  EXPECT_EQ(read->at("d").as_double(), 1500.0);
  EXPECT_TRUE(read->at("t").as_bool());
  EXPECT_TRUE(read->at("n").is_null());
  EXPECT_EQ(read->at("l").as_array().at(1).as_object().at("x").as_int64(), 2);
}

TEST(JsonReader, takes_one_object_and_nothing_else) {
  for (const auto* text : {"",
                           " ",
                           "[]",
                           "1",
                           "\"a\"",
                           "null",
                           "{",
                           "{}x",
                           "{} {}",
                           "{\"a\":1,}",
                           "{'a':1}",
                           "{a:1}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1.}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":1}/*c*/",
                           "{\"a\":tru}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\\x41\"}",
                           "{\"a\" 1}",
                           "[[]]"})
    EXPECT_EQ(reason_of(text), "malformed_json") << text;
  EXPECT_EQ(reason_of(" \t\r\n{} \t\r\n"), "accepted");
}

TEST(JsonReader, S46_S99_duplicate_members_are_refused_at_any_level) {
  for (const auto* text : {R"({"a":1,"a":2})", R"({"a":1,"b":2,"a":1})", R"({"x":{"a":1,"a":1}})",
                           R"({"x":[{"a":1},{"b":1,"b":2}]})", R"({"sub":"a","su\u0062":"b"})",
                           R"({"\u0073ub":"a","su\u0062":"b"})", R"({"":1,"":2})", R"({"\u0000":1,"\u0000":2})"})
    EXPECT_EQ(reason_of(text), "duplicate_member") << text;
}

TEST(JsonReader, equal_names_in_different_objects_are_no_duplicates) {
  EXPECT_EQ(reason_of(R"({"a":{"a":{"a":1},"b":1},"b":[{"a":1},{"a":1}]})"), "accepted");
  EXPECT_EQ(reason_of(R"({"a":1,"A":2,"a ":3})"), "accepted");
}

TEST(JsonReader, S99_depth_is_bounded) {
  EXPECT_EQ(reason_of(nested(limits::json_depth_max)), "accepted");
  EXPECT_EQ(reason_of(nested(limits::json_depth_max + 1)), "json_too_deep");
  EXPECT_EQ(reason_of(nested(30'000)), "json_too_deep");
  EXPECT_EQ(reason_of(std::string(60'000, '[')), "malformed_json");
}

TEST(JsonReader, S99_members_of_all_objects_and_arrays_together_are_bounded) {
  const ReadLimits four{.members_max = 4};
  EXPECT_EQ(reason_of(R"({"a":1,"b":[2,3]})", four), "accepted");
  EXPECT_EQ(reason_of(R"({"a":1,"b":[2,3],"c":4})", four), "json_too_large");
  EXPECT_EQ(reason_of(R"({"a":[1,2,3,4]})", four), "json_too_large");
  EXPECT_EQ(reason_of(R"({"a":[[],[],[],[]]})", four), "json_too_large");
  EXPECT_EQ(reason_of(R"({"a":[{},{},{},{}]})", four), "json_too_large");
}

TEST(JsonReader, S99_bytes_are_bounded_before_anything_is_read) {
  EXPECT_EQ(reason_of("{}", {.bytes_max = 2}), "accepted");
  EXPECT_EQ(reason_of("{} ", {.bytes_max = 2}), "json_too_large");
  EXPECT_EQ(reason_of(std::string(limits::body_bytes_max + 1, '[')), "json_too_large");
}

TEST(JsonReader, S99_only_well_formed_utf8_is_text) {
  for (const std::string_view text :
       {"\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xf4\x90\x80\x80\"}", "{\"a\":\"\xe2\x82\"}", "{\"\xff\":1}", R"({"a":"\ud800"})",
        R"({"a":"\udc00"})", R"({"a":"\ud800\u0041"})", R"({"a":"\ud800x"})", R"({"\udc00":1})", R"({"a":"\u12"})"})
    EXPECT_EQ(reason_of(text), "malformed_json") << text;
  constexpr std::string_view utf16("{\0}\0", 4);
  EXPECT_EQ(reason_of(utf16), "malformed_json");
  EXPECT_EQ(read_object("{\"a\":\"\xff\"}").error().message, "The JSON text is not UTF-8.");
  EXPECT_EQ(reason_of(R"({"a":"\ud83d\ude00"})"), "accepted");
}

TEST(JsonReader, S99_numbers_out_of_range_are_refused) {
  for (const auto* text : {"1e999", "-1e999", "1e-999", "1e99999999999999999999", "9223372036854775808",
                           "-9223372036854775809", "18446744073709551616", "123456789012345678901234567890"})
    EXPECT_EQ(reason_of(std::string("{\"a\":") + text + "}"), "malformed_json") << text;
  for (const auto* text : {"9223372036854775807", "-9223372036854775808", "1.7976931348623157e308", "-0", "0.0"})
    EXPECT_EQ(reason_of(std::string("{\"a\":") + text + "}"), "accepted") << text;
}

TEST(JsonReader, numbers_are_rounded_correctly) {
  const auto read =
      read_object(R"({"a":0.1,"b":1.7976931348623157e308,"c":9007199254740993.0,"d":3.141592653589793238462643})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("a").as_double(), 0.1);
  EXPECT_EQ(read->at("b").as_double(), 1.7976931348623157e308);
  EXPECT_EQ(read->at("c").as_double(), 9007199254740992.0);
  EXPECT_EQ(read->at("d").as_double(), 3.141592653589793);
}

TEST(JsonReader, a_null_character_is_data_in_a_string_and_nothing_outside_one) {
  const auto read = read_object(R"({"a":"x\u0000y"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::string_view(read->at("a").as_string()), std::string_view("x\0y", 3));
  EXPECT_EQ(reason_of(std::string_view("{}\0", 3)), "malformed_json");
  EXPECT_EQ(reason_of(std::string_view("{\"a\":\"\0\"}", 9)), "malformed_json");
}

TEST(JsonReader, says_where_it_stopped_and_never_repeats_the_text) {
  const auto read = read_object(R"({"password":"hunter2",})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "The JSON text is malformed at byte 22.");
  const auto twice = read_object(R"({"password":"hunter2","password":"x"})");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message.find("password"), std::string::npos);
}

TEST(JsonWriter, writes_objects_arrays_and_every_kind_of_value_in_order) {
  std::string out;
  Writer writer(out);
  writer.begin_object().field("s", "x").field("v", std::string_view("y")).field("i", std::int64_t{-5}).field("b", true);
  writer.key("n")
      .null()
      .key("l")
      .begin_array()
      .number(1)
      .string("two")
      .begin_object()
      .end_object()
      .raw("[3]")
      .end_array();
  writer.key("o").begin_object().field("f", false).end_object().end_object();
  EXPECT_EQ(out, R"({"s":"x","v":"y","i":-5,"b":true,"n":null,"l":[1,"two",{},[3]],"o":{"f":false}})");
}

TEST(JsonWriter, writes_the_ends_of_the_integer_range) {
  std::string out;
  Writer(out).begin_array().number(INT64_MIN).number(INT64_MAX).number(0).end_array();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807,0]");
}

TEST(JsonWriter, escapes_what_must_be_escaped_and_nothing_else) {
  std::string out;
  Writer(out).string(std::string_view("\0\x1f\"\\/\b\f\n\r\t\x7f\xc3\xa9", 13));
  EXPECT_EQ(out, "\"\\u0000\\u001f\\\"\\\\/\\b\\f\\n\\r\\t\x7f\xc3\xa9\"");
}

TEST(JsonWriter, what_is_written_reads_back_at_every_length_and_position) {
  SeededRandom random(7);
  for (std::size_t size = 0; size < 70; ++size) {
    std::string value(size, 'x');
    for (auto& c : value)
      if (random.below(6) == 0) c = static_cast<char>(random.below(128));
    std::string out;
    Writer(out).begin_object().field(value, value).end_object();
    const auto read = read_object(out);
    ASSERT_TRUE(read) << out;
    EXPECT_EQ(std::string_view(read->at(value).as_string()), value);
  }
}

}  // namespace
}  // namespace gatehouse::json
