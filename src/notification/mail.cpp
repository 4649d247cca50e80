#include "notification/mail.h"

#include <algorithm>

#include "events/delivery.h"
#include "notification/templates.h"

namespace gatehouse::notification {
namespace {

constexpr std::string_view user_created = "user.created.v1";
constexpr std::string_view challenge_created = "challenge.created.v1";

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "event_malformed", "The event does not hold what its type says.", what);
}

std::optional<std::string> text_at(const boost::json::object& data, const char* name) {
  const auto* value = data.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

// All who are not told apart share one.
std::string origin_of(const boost::json::object& data) { return text_at(data, "origin").value_or(""); }

Letter letter(std::string to, Language language, Text text) {
  return {.to = std::move(to), .subject = std::move(text.subject), .text = std::move(text.body), .language = std::string(tag_of(language))};
}

Result<std::optional<Draft>> welcome(const boost::json::object& data, std::string_view product_name) {
  const auto username = text_at(data, "username");
  if (!username) return malformed("username");
  if (!data.contains("email")) return std::nullopt;
  auto email = text_at(data, "email");
  if (!email) return malformed("email");
  if (email->empty()) return std::nullopt;
  const auto language = language_of(text_at(data, "locale").value_or(""));
  auto text = welcome_text(language, product_name, *username);
  return Draft{.which = Template::welcome, .letter = letter(std::move(*email), language, std::move(text)), .origin = origin_of(data)};
}

std::optional<Template> template_for(std::string_view purpose) {
  if (purpose == "verify") return Template::verify;
  if (purpose == "recover") return Template::recovery;
  if (purpose == "decoy") return Template::decoy;
  return std::nullopt;
}

Result<std::optional<Draft>> code_mail(const boost::json::object& data, std::string_view product_name, WallTime now) {
  const auto type = text_at(data, "type"), purpose = text_at(data, "purpose"), code = text_at(data, "code");
  const auto address = text_at(data, "value"), expires = text_at(data, "expires_at");
  if (!type || !purpose || !code || !address || !expires || code->empty()) return malformed("a member is missing");
  const auto expires_at = from_rfc3339(*expires);
  if (!expires_at) return malformed("expires_at");
  const auto which = template_for(*purpose);
  if (!which) return malformed("purpose");
  if (*type != "email" || now >= *expires_at) return std::nullopt;
  const auto language = language_of(text_at(data, "locale").value_or(""));
  const CodeValues values{.product_name = product_name, .address = *address, .code = *code, .expires_at = *expires_at, .now = now};
  auto text = *which == Template::verify ? verify_text(language, values) : recovery_text(language, values);
  return Draft{.which = *which,
               .letter = letter(*address, language, std::move(text)),
               .origin = origin_of(data),
               .expires_at = *expires_at};
}

Milliseconds backoff(std::uint32_t attempts, Random& random) {
  const auto longest = std::min(backoff_max, backoff_min * (std::int64_t{1} << std::min(attempts - 1, 30U)));
  const auto half = longest / 2;
  return half + Milliseconds{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(half.count()) + 1))};
}

}  // namespace

std::string_view name_of(Template which) {
  switch (which) {
    case Template::welcome: return "welcome";
    case Template::verify: return "verify";
    case Template::recovery: return "recovery";
    case Template::decoy: return "decoy";
    case Template::address_added: return "address_added";
    case Template::address_removed: return "address_removed";
    case Template::password_changed: return "password_changed";
  }
  return "welcome";
}

std::optional<Template> template_named(std::string_view name) {
  for (const auto which : templates)
    if (name_of(which) == name) return which;
  return std::nullopt;
}

int priority_of(Template which) {
  const bool has_code = which == Template::verify || which == Template::recovery || which == Template::decoy;
  return has_code ? 0 : 1;
}

bool asks_for_mail(std::string_view event_type) { return event_type == user_created || event_type == challenge_created; }

Result<std::optional<Draft>> draft_for(const events::Event& event, const boost::json::object& data,
                                       std::string_view product_name, WallTime now) {
  if (event.event_type == user_created) return welcome(data, product_name);
  if (event.event_type == challenge_created) return code_mail(data, product_name, now);
  return std::nullopt;
}

bool is_too_late(const QueuedMail& mail, WallTime now) { return mail.expires_at && now >= *mail.expires_at; }

AfterFailure after_failure(const QueuedMail& mail, Code code, WallTime now, Random& random) {
  AfterFailure after{.attempts = mail.attempts + 1};
  after.next_at = now + backoff(after.attempts, random);
  after.is_given_up = events::outlook_of(code) == events::Outlook::hopeless || after.attempts >= mail_attempts_max ||
                      is_too_late(mail, after.next_at);
  return after;
}

}  // namespace gatehouse::notification
