#include "notification/adapters/mail_outgoing.h"

namespace gatehouse::notification {

Task<void> MailOutgoing::send(Call call, Letter letter, std::string id, WallTime date) {
  mail::Message message{.id = std::move(id),
                        .from = from_,
                        .to = std::move(letter.to),
                        .subject = std::move(letter.subject),
                        .text = std::move(letter.text),
                        .language = std::move(letter.language),
                        .date = date,
                        .is_delivered = letter.is_delivered};
  co_return co_await sender_.send(call, std::move(message));
}

}  // namespace gatehouse::notification
