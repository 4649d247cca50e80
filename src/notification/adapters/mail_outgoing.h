// Letters leave through drivers/mail, with the sender's address of the configuration.
#pragma once

#include <string>

#include "drivers/mail/sender.h"
#include "notification/store.h"

namespace gatehouse::notification {

class MailOutgoing final : public Outgoing {
 public:
  MailOutgoing(mail::Sender& sender, std::string from) : sender_(sender), from_(std::move(from)) {}
  Task<void> send(Call call, Letter letter, std::string id, WallTime date) override;

 private:
  mail::Sender& sender_;
  const std::string from_;
};

}  // namespace gatehouse::notification
