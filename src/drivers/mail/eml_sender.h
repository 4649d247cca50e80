// A Sender that writes each mail as a file, `<time>-<id>.eml`, so that names sort by time and one mail is one file
// however often it is sent. For development and for whoever has a program that picks mail up.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "drivers/mail/sender.h"

namespace gatehouse::mail {

// Makes the folder (mode 0700) when it is first needed. Files have mode 0600 and appear whole: written under another
// name, synced, renamed. Has one thread of its own; any shard may call.
[[nodiscard]] std::unique_ptr<Sender> make_eml_sender(std::filesystem::path folder, const Clock& clock);

// The name that a message's file has.
[[nodiscard]] std::string eml_name(const Message& message);

}  // namespace gatehouse::mail
