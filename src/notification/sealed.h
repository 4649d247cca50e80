// What notification opens and seals: the data of events, and letters in the queue, both under the key of the person
// they are about (identity's subject key). Pure but for OpenSSL; any thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "events/event.h"
#include "notification/mail.h"

namespace gatehouse::notification {

// INVALID_ARGUMENT subject_key_malformed.
[[nodiscard]] Result<SecretKey> subject_key(std::string_view octets);

// INVALID_ARGUMENT event_malformed; DATA_LOSS sealed_box_broken.
[[nodiscard]] Result<boost::json::object> open_event_data(const events::Event& event, const SecretKey& key);

// `id` binds the box to its row: a box moved to another row does not open.
[[nodiscard]] std::string seal_letter(const Letter& letter, const SecretKey& key, std::string_view id, Random& random);
[[nodiscard]] Result<Letter> open_letter(std::string_view box, const SecretKey& key, std::string_view id);

}  // namespace gatehouse::notification
