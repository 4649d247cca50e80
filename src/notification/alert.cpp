#include "notification/alert.h"

#include <algorithm>

#include "credential/events.h"
#include "json/member.h"
#include "json/reader.h"
#include "notification/sealed.h"
#include "notification/templates.h"

namespace gatehouse::notification {
namespace {

constexpr std::string_view password_set = "password.set.v1";
constexpr std::string_view address_verified = "identifier.verified.v1";
constexpr std::string_view address_detached = "identifier.detached.v1";

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::invalid_argument, "event_malformed", "The event does not hold what its type says.", what);
}

Result<std::optional<Alert>> added(const events::Event& event) {
  const auto data = json::read_object(event.data);
  if (!data) return malformed("data");
  auto id = json::text_of(*data, "identifier_id");
  if (id.empty()) return malformed("identifier_id");
  return Alert{.which = Template::address_added, .added_id = std::move(id)};
}

Result<std::optional<Alert>> removed(const events::Event& event, const SecretKey& key) {
  const auto data = open_event_data(event, key);
  if (!data) return pass(data);
  auto address = json::text_of(*data, "value");
  const auto* verified = data->if_contains("verified");
  if (address.empty() || verified == nullptr || !verified->is_bool()) return malformed("a member is missing");
  if (!verified->get_bool()) return std::nullopt;  // perhaps a stranger's, and of no use to get in with
  return Alert{.which = Template::address_removed, .removed_address = std::move(address)};
}

}  // namespace

bool may_be_alert(std::string_view event_type) {
  return event_type == password_set || event_type == address_verified || event_type == address_detached;
}

Result<std::optional<Alert>> alert_of(const events::Event& event, const SecretKey& key) {
  if (event.event_type == address_verified) return added(event);
  if (event.event_type == address_detached) return removed(event, key);
  const auto replaced = credential::replaced_of(event);
  if (!replaced) return pass(replaced);
  if (!*replaced) return std::nullopt;
  return Alert{.which = Template::password_changed};
}

std::vector<Letter> letters_of(const Alert& alert, const identity::v1::User& user,
                               const identity::v1::ListIdentifiersResponse& addresses, std::string_view product_name,
                               WallTime at) {
  std::vector<std::string> to;
  for (const auto& address : addresses.identifiers())
    if (address.verified() && address.id() != alert.added_id) to.push_back(address.value());
  if (!alert.removed_address.empty() && std::ranges::find(to, alert.removed_address) == to.end())
    to.push_back(alert.removed_address);
  const auto language = language_of(user.locale());
  const AlertValues values{.product_name = product_name, .username = user.username(), .at = at};
  const auto text = alert_text(language, alert.which, values);
  std::vector<Letter> letters;
  for (auto& address : to)
    letters.push_back({.to = std::move(address), .subject = text.subject, .text = text.body, .language = std::string(tag_of(language))});
  return letters;
}

}  // namespace gatehouse::notification
