// Sender: the port that mail leaves by. One mail at a time; the caller retries.
//
// The same id is the same mail: sending it again must not make a second one where the means allow (a file is
// written over itself; a mail server sees the same Message-ID).
#pragma once

#include <string>

#include "base/clock.h"
#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::mail {

struct Message {
  std::string id;    // [A-Za-z0-9-], stable: Message-ID and file name come from it
  std::string from;  // "Name <address>" or "address"
  std::string to;    // one address, bare
  std::string subject;
  std::string text;      // UTF-8, lines end in \n
  std::string language;  // BCP 47; may be empty
  WallTime date{};       // stable, like the id
  bool is_delivered = true;  // false: all the work of sending, and no mail
};

class Sender {
 public:
  virtual ~Sender() = default;
  // INVALID_ARGUMENT mail_malformed: never worth another try. UNAVAILABLE storage_full | mail_unwritable.
  virtual Task<void> send(Call call, Message message) = 0;
};

}  // namespace gatehouse::mail
