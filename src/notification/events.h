// What notification tells the world: that a mail left, or that it never will. Pure; any thread.
#pragma once

#include "base/random.h"
#include "events/event.h"
#include "notification/mail.h"

namespace gatehouse::notification {

[[nodiscard]] events::Event mail_sent(const QueuedMail& mail, WallTime now, Random& random);
[[nodiscard]] events::Event mail_failed(const QueuedMail& mail, WallTime now, Random& random);

}  // namespace gatehouse::notification
