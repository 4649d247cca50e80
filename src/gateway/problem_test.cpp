#include "gateway/problem.h"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace gatehouse::gateway {
namespace {

Error error_of(Code code, const char* reason) { return fail(code, reason, "A sentence.", "secret detail").error(); }

boost::json::object json_of(const http::Response& response) { return boost::json::parse(response.body).as_object(); }

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& field : response.fields)
    if (field.first == name) return field.second;
  return "";
}

TEST(Problem, one_table_maps_every_code_to_its_status) {
  const std::pair<Code, int> table[] = {
      {Code::invalid_argument, 400}, {Code::unauthenticated, 401},     {Code::permission_denied, 403},
      {Code::not_found, 404},        {Code::already_exists, 409},      {Code::aborted, 409},
      {Code::resource_exhausted, 429}, {Code::failed_precondition, 409}, {Code::out_of_range, 400},
      {Code::cancelled, 499},        {Code::unimplemented, 501},       {Code::unavailable, 503},
      {Code::deadline_exceeded, 504}, {Code::internal, 500},           {Code::unknown, 500},
      {Code::data_loss, 500}};
  for (const auto& [code, status] : table) EXPECT_EQ(status_of(error_of(code, "some_reason")), status) << name_of(code);
}

TEST(Problem, some_reasons_say_more_than_their_code) {
  EXPECT_EQ(status_of(error_of(Code::failed_precondition, "version_mismatch")), 412);
  EXPECT_EQ(status_of(error_of(Code::aborted, "idempotency_key_reused")), 422);
  for (const auto* reason : {"challenge_expired", "challenge_used", "challenge_exhausted"})
    EXPECT_EQ(status_of(error_of(Code::failed_precondition, reason)), 410);
  EXPECT_EQ(status_of(error_of(Code::invalid_argument, "unsupported_media_type")), 415);
  EXPECT_EQ(status_of(error_of(Code::resource_exhausted, "too_many_identifiers")), 409) << "waiting does not help";
  EXPECT_EQ(status_of(invalid_field("username", "username_invalid", "No.").error()), 422);
}

TEST(Problem, has_the_members_of_rfc_9457_and_ours) {
  const auto response = make_problem(error_of(Code::already_exists, "username_taken"), "/api/v1/auth/register", "abc-1");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto json = json_of(response);
  EXPECT_EQ(json.at("type"), "/problems/username_taken");
  EXPECT_EQ(json.at("title"), "Username taken");
  EXPECT_EQ(json.at("status"), 409);
  EXPECT_EQ(json.at("detail"), "A sentence.");
  EXPECT_EQ(json.at("instance"), "/api/v1/auth/register");
  EXPECT_EQ(json.at("code"), "username_taken");
  EXPECT_EQ(json.at("correlation_id"), "abc-1");
  EXPECT_FALSE(json.contains("errors"));
}

TEST(Problem, names_no_instance_when_there_is_none) {
  EXPECT_FALSE(json_of(make_problem(error_of(Code::invalid_argument, "x"), "", "a")).contains("instance"));
}

TEST(Problem, S107_a_fault_of_ours_says_nothing_but_that_it_is_one) {
  for (const auto code : {Code::internal, Code::unknown, Code::data_loss}) {
    auto error = error_of(code, "storage_corrupt");
    error.message = "page 7 of users.db";
    error.fields.push_back({"users.db", "page", "7"});
    const auto response = make_problem(error, "/x", "abc");
    EXPECT_EQ(json_of(response).at("code"), "internal");
    EXPECT_EQ(response.body.find("users.db"), std::string::npos);
    EXPECT_EQ(response.body.find("secret detail"), std::string::npos);
  }
}

TEST(Problem, names_invalid_fields_and_not_more_than_anybody_reads) {
  auto error = invalid_field("username", "username_invalid", "No.").error();
  EXPECT_EQ(json_of(make_problem(error, "/x", "a")).at("errors").as_array().at(0).at("field"), "username");
  for (int i = 0; i < 100; ++i) error.fields.push_back({"f", "unknown_field", "No."});
  EXPECT_EQ(json_of(make_problem(error, "/x", "a")).at("errors").as_array().size(), 32U);
}

TEST(Problem, says_when_to_try_again_in_whole_seconds_rounded_up) {
  auto limited = error_of(Code::resource_exhausted, "rate_limited");
  limited.retry_after_ms = 1001;
  EXPECT_EQ(header(make_problem(limited, "/x", "a"), "retry-after"), "2");
  EXPECT_EQ(header(make_problem(error_of(Code::unavailable, "overloaded"), "/x", "a"), "retry-after"), "1");
  EXPECT_EQ(header(make_problem(error_of(Code::not_found, "x"), "/x", "a"), "retry-after"), "");
}

TEST(Problem, S68_what_a_client_wrote_is_escaped) {
  auto error = invalid_field("a\"b\r\nc", "unknown_field", "No.").error();
  const auto json = json_of(make_problem(error, "/x\"y", "a"));
  EXPECT_EQ(json.at("instance"), "/x\"y");
  EXPECT_EQ(json.at("errors").as_array().at(0).at("field"), "a\"b\r\nc");
}

TEST(Problem, a_token_error_is_named_in_the_challenge) {
  EXPECT_EQ(header(make_problem(error_of(Code::unauthenticated, "token_missing"), "/x", "a"), "www-authenticate"), "Bearer");
  EXPECT_EQ(header(make_problem(error_of(Code::unauthenticated, "token_expired"), "/x", "a"), "www-authenticate"),
            "Bearer error=\"invalid_token\"");
}

}  // namespace
}  // namespace gatehouse::gateway
