// A message as RFC 5322 text with CRLF line ends: headers folded and, beyond ASCII, in encoded words (RFC 2047); the
// body as it is when it is short-lined ASCII, else quoted-printable (RFC 2045 §6.7). Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "drivers/mail/sender.h"

namespace gatehouse::mail {

// INVALID_ARGUMENT mail_malformed when a header would hold a line break or another control character, when an
// address is not one address, or when text is not UTF-8: nothing is repaired that may be an injection.
[[nodiscard]] Result<std::string> to_rfc5322(const Message& message);

// "Name <address>" or "address", and one of them: what Message::from may be.
[[nodiscard]] bool is_mailbox(std::string_view text);

}  // namespace gatehouse::mail
