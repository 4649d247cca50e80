// Mails as values, and every decision about them: whether an event asks for one, what it says, in what order mails
// leave, and what happens after a failure. Pure functions, any thread.
#pragma once

#include <array>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "events/event.h"

namespace gatehouse::notification {

// A decoy is a recovery of nobody's account: written like any mail, so that nobody can tell, and not delivered.
// The last three are alerts (alert.h).
enum class Template : std::uint8_t { welcome, verify, recovery, decoy, address_added, address_removed, password_changed };
inline constexpr std::array templates{Template::welcome,       Template::verify,          Template::recovery,        Template::decoy,
                                      Template::address_added, Template::address_removed, Template::password_changed};
[[nodiscard]] std::string_view name_of(Template which);
[[nodiscard]] std::optional<Template> template_named(std::string_view name);

// A mail as a person will read it.
struct Letter {
  std::string to, subject, text, language;
  bool is_delivered = true;
};

struct Draft {
  Template which = Template::welcome;
  Letter letter;
  std::string origin;
  std::optional<WallTime> expires_at;
};

// A mail in the queue: everything but what it says is readable.
struct QueuedMail {
  std::string id;  // of the event that asked for it; the next mails of one alert have -2, -3 … behind it
  Template which = Template::welcome;
  std::string subject;  // whose mail it is
  std::string origin;   // stands for who asked for it
  std::string correlation_id;
  std::string key_id;
  std::string box;  // the letter, sealed (sealed.h)
  WallTime created_at{};
  std::optional<WallTime> expires_at;
  std::uint32_t attempts = 0;
  WallTime next_at{};
};

// Codes leave before anything else: somebody is waiting for them.
[[nodiscard]] int priority_of(Template which);

// Whether we send mail about events of this type at all.
[[nodiscard]] bool asks_for_mail(std::string_view event_type);

// The mail that an event asks for, from its opened data; nothing when there is no address, when the code is of a
// kind that does not travel by mail, or when it has expired. INVALID_ARGUMENT event_malformed.
[[nodiscard]] Result<std::optional<Draft>> draft_for(const events::Event& event, const boost::json::object& data,
                                                     std::string_view product_name, WallTime now);

[[nodiscard]] bool is_too_late(const QueuedMail& mail, WallTime now);

struct AfterFailure {
  bool is_given_up = false;
  std::uint32_t attempts = 0;
  WallTime next_at{};
};
// Exponential backoff with jitter, 1 s … 10 min; given up after `mail_attempts_max` tries, at once when no try can
// help, and when the next one would come after the code has expired.
[[nodiscard]] AfterFailure after_failure(const QueuedMail& mail, Code code, WallTime now, Random& random);

// Changes that one user is told of in an hour: an attacker with the password must not mail somebody without end, and
// whoever has been told of the first few knows.
inline constexpr std::int64_t alerts_per_hour_max = 5;

inline constexpr Milliseconds backoff_min{1'000};
inline constexpr Milliseconds backoff_max{600'000};
inline constexpr std::size_t mails_queued_max = 10'000;
inline constexpr std::uint32_t mail_attempts_max = 20;  // about two hours

}  // namespace gatehouse::notification
