// gatehouse login|whoami|sessions|logout: a client of any instance, with its tokens kept in the user's configuration
// folder.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <functional>

#include "app/commands.h"
#include "app/problem_text.h"
#include "app/prompt.h"
#include "app/session_file.h"
#include "app/table.h"
#include "base/clock.h"
#include "json/member.h"
#include "json/reader.h"

namespace gatehouse::app {
namespace {

using boost::json::object;

// A token is renewed this long before it expires, so that it does not expire on the way.
constexpr std::int64_t renew_before_ms = 10'000;

std::string trimmed(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::unexpected<Error> not_logged_in(std::string_view url) {
  return fail(Code::unauthenticated, "not_logged_in",
              url.empty() ? "you are not logged in: gatehouse login --url URL"
                          : fmt::format("you are not logged in to {}: gatehouse login --url {}", url, url));
}

Result<object> call(const std::string& url, ClientRequest request, const std::string& access_token = {}) {
  const auto endpoint = parse_endpoint(url);
  if (!endpoint) return pass(endpoint);
  if (!access_token.empty()) request.fields.emplace_back("authorization", "Bearer " + access_token);
  const auto response = fetch(*endpoint, request);
  if (!response) return pass(response);
  if (response->status >= 400) return std::unexpected(error_of(*response));
  if (response->body.empty()) return object{};
  return json::read_object(response->body, {.bytes_max = 4 << 20, .members_max = 100'000});
}

Result<SavedSession> session_from(const object& tokens) {
  SavedSession session{
      .access_token = json::text_of(tokens, "access_token"),
      .refresh_token = json::text_of(tokens, "refresh_token"),
      .access_expires_at_ms = to_ms(SystemClock().wall()) + json::integer_of(tokens, "expires_in") * 1000};
  if (session.access_token.empty() || session.refresh_token.empty())
    return fail(Code::internal, "unexpected_answer", "the answer holds no tokens; is this URL a Gatehouse?");
  return session;
}

// The session of --url, or of the last login. Calls with its access token, and renews that when it has run out.
class Session {
 public:
  static Result<Session> open(const Arguments& arguments) {
    auto file = SessionFile::open(session_folder());
    if (!file) return pass(file);
    auto url = arguments.has("--url") ? trimmed(arguments.value("--url")) : file->last_url();
    auto saved = file->find(url);
    if (!saved) return not_logged_in(url);
    return Session(*std::move(file), std::move(url), *std::move(saved));
  }

  Result<object> call(const ClientRequest& request) {
    const auto now_ms = to_ms(SystemClock().wall());
    if (saved_.access_expires_at_ms - renew_before_ms > now_ms) {
      auto answer = app::call(url_, request, saved_.access_token);
      if (answer || answer.error().code != Code::unauthenticated) return answer;
    }
    if (auto renewed = renew(); !renewed) return pass(renewed);
    return app::call(url_, request, saved_.access_token);
  }
  Done forget() { return file_.remove(url_); }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  Session(SessionFile file, std::string url, SavedSession saved)
      : file_(std::move(file)), url_(std::move(url)), saved_(std::move(saved)) {}

  Done renew() {
    const object body{{"refresh_token", saved_.refresh_token}};
    const auto tokens =
        app::call(url_, {.method = "POST", .target = "/api/v1/auth/refresh", .body = boost::json::serialize(body)});
    if (!tokens && tokens.error().code == Code::unauthenticated) {
      if (auto removed = forget(); !removed) return removed;
      return not_logged_in(url_);
    }
    if (!tokens) return pass(tokens);
    auto session = session_from(*tokens);
    if (!session) return pass(session);
    saved_ = *std::move(session);
    return file_.put(url_, saved_);
  }

  SessionFile file_;
  std::string url_;
  SavedSession saved_;
};

Exit show(const Arguments& arguments, const Result<object>& answer) {
  if (!answer) return report(answer.error());
  std::fputs(arguments.has("--json") ? (boost::json::serialize(*answer) + "\n").c_str() : to_table(*answer).c_str(),
             stdout);
  return Exit::done;
}

// All pages as one.
Result<object> all_sessions(Session& session) {
  boost::json::array all;
  std::string target = "/api/v1/sessions?page_size=100";
  for (;;) {
    auto page = session.call({.target = target});
    if (!page) return page;
    const auto* rows = page->if_contains("sessions");
    const auto next = json::text_of(*page, "next_page_token");
    if (rows && rows->is_array()) all.insert(all.end(), rows->get_array().begin(), rows->get_array().end());
    if (next.empty() || !rows || !rows->is_array() || rows->get_array().empty()) break;
    target = "/api/v1/sessions?page_size=100&page_token=" + next;  // base64url: nothing in it needs escaping
  }
  return object{{"sessions", std::move(all)}};
}

Exit end_sessions(Session& session, const std::string& which) {
  const auto target = which == "others" ? std::string("/api/v1/sessions") : "/api/v1/sessions/" + which;
  const auto ended = session.call({.method = "DELETE", .target = target});
  if (!ended) return report(ended.error());
  std::printf("ended %s\n", which == "others" ? "all other sessions" : which.c_str());
  return Exit::done;
}

bool is_one_word(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace

Exit run_login(const Arguments& arguments) {
  if (!arguments.has("--url"))
    return report(
        fail(Code::invalid_argument, "usage", "say where: gatehouse login --url http://127.0.0.1:8080").error());
  const auto url = trimmed(arguments.value("--url"));
  if (const auto endpoint = parse_endpoint(url); !endpoint) return report(endpoint.error());
  auto name =
      arguments.has("--username") ? Result<std::string>(arguments.value("--username")) : ask("Username or e-mail");
  if (!name) return report(name.error());
  const auto password = ask_password("Password");
  if (!password) return report(password.error());
  const object body{{name->find('@') == std::string::npos ? "username" : "email", *name},
                    {"password", password->reveal()}};
  const auto tokens =
      call(url, {.method = "POST", .target = "/api/v1/auth/login", .body = boost::json::serialize(body)});
  if (!tokens) return report(tokens.error());
  auto session = session_from(*tokens);
  if (!session) return report(session.error());
  auto file = SessionFile::open(session_folder());
  if (!file) return report(file.error());
  if (auto kept = file->put(url, *std::move(session)); !kept) return report(kept.error());
  std::printf("Logged in to %s as %s.\n", url.c_str(), name->c_str());
  return Exit::done;
}

Exit run_whoami(const Arguments& arguments) {
  auto session = Session::open(arguments);
  if (!session) return report(session.error());
  return show(arguments, session->call({.target = "/api/v1/users/me"}));
}

Exit run_sessions(const Arguments& arguments) {
  const auto& words = arguments.words();
  if (!words.empty() && (words[0] != "end" || words.size() != 2 || !is_one_word(words[1])))
    return report(fail(Code::invalid_argument, "usage", "usage: gatehouse sessions [end ID|end others]").error());
  auto session = Session::open(arguments);
  if (!session) return report(session.error());
  return words.empty() ? show(arguments, all_sessions(*session)) : end_sessions(*session, words[1]);
}

Exit run_logout(const Arguments& arguments) {
  auto session = Session::open(arguments);
  if (!session) return report(session.error());
  const auto ended = session->call({.method = "POST", .target = "/api/v1/auth/logout"});
  if (!ended && ended.error().code != Code::unauthenticated) return report(ended.error());  // 401: it had ended already
  if (auto forgotten = session->forget(); !forgotten) return report(forgotten.error());
  std::printf("Logged out of %s.\n", session->url().c_str());
  return Exit::done;
}

}  // namespace gatehouse::app
