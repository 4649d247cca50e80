// What identity tells: to the shards of this process (UserChanged, on a Bus) and to the world (events, in the outbox).
// Personal data and codes are sealed under the subject's key; ids, types and names of fields stay readable.
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "events/event.h"
#include "gatehouse/identity/v1/identity.pb.h"
#include "identity/challenge.h"
#include "runtime/call.h"

namespace gatehouse::identity {

// Drop what you know of this user. `username_keys`: every name they have or had; `version`: 0 when they are gone.
struct UserChanged {
  std::string user_id;
  std::vector<std::string> username_keys;
  std::int64_t version = 0;
};

// Who asked, and when: what every event and every row of one use case share.
struct Occasion {
  Call call;
  WallTime now{};
  std::string origin{};  // stands for the network that asked, and says nothing of it
};

// Makes the events of one occasion.
class EventMaker {
 public:
  EventMaker(const Occasion& occasion, Random& random) : occasion_(occasion), random_(random) {}

  [[nodiscard]] events::Event user_created(const v1::User& user, const SecretKey& key) const;
  [[nodiscard]] events::Event user_updated(const v1::User& user, std::span<const std::string_view> changed) const;
  [[nodiscard]] events::Event user_deleted(std::string_view user_id) const;
  // A registration that nobody finished: nothing was told of this user before.
  [[nodiscard]] events::Event user_released(std::string_view user_id) const;
  [[nodiscard]] events::Event identifier_attached(std::string_view user_id, const v1::Identifier& identifier) const;
  [[nodiscard]] events::Event identifier_verified(std::string_view user_id, const v1::Identifier& identifier) const;
  // With the address, sealed: nobody else can tell it any more to whoever writes to it once more.
  [[nodiscard]] events::Event identifier_detached(std::string_view user_id, const v1::Identifier& identifier,
                                                  const SecretKey& key) const;

  struct CodeMail {
    std::string_view type;   // of the address: "email"
    std::string_view value;  // the address
    const SecretString& code;
    std::string_view locale;
  };
  // Subject: the owner of the account, or the challenge itself; always sealed under the challenge's own key,
  // which is destroyed when the code expires.
  [[nodiscard]] events::Event challenge_created(const Challenge& challenge, const CodeMail& mail,
                                                const SecretKey& key) const;

 private:
  [[nodiscard]] events::Event make(std::string_view type, std::string_view subject) const;
  void seal_data(events::Event& event, std::string_view key_id, const SecretKey& key, std::string json) const;

  const Occasion& occasion_;
  Random& random_;
};

}  // namespace gatehouse::identity
