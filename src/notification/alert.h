// Alerts: what the owner of an account is told, at every verified address, when the ways into it change: whoever did it
// may be somebody else. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "events/event.h"
#include "gatehouse/identity/v1/identity.pb.h"
#include "notification/mail.h"

namespace gatehouse::notification {

struct Alert {
  Template which = Template::password_changed;
  std::string added_id = {};         // of the address that was added: it is not told of itself
  std::string removed_address = {};  // it is told too
};

[[nodiscard]] bool may_be_alert(std::string_view event_type);

// Nothing: a first password, or an address that was never verified. `key`: of the user.
// INVALID_ARGUMENT event_malformed; DATA_LOSS sealed_box_broken.
[[nodiscard]] Result<std::optional<Alert>> alert_of(const events::Event& event, const SecretKey& key);

// One letter for each address that is to hear of it.
[[nodiscard]] std::vector<Letter> letters_of(const Alert& alert, const identity::v1::User& user,
                                             const identity::v1::ListIdentifiersResponse& addresses,
                                             std::string_view product_name, WallTime at);

}  // namespace gatehouse::notification
