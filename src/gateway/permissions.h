// Permissions: what users may do, as the account role says, kept for half a minute and dropped at once when the
// account role says that it has changed. One per shard, on its thread.
#pragma once

#include <string_view>

#include "account/api.h"
#include "account/events.h"
#include "identity/api.h"
#include "resilience/cache.h"
#include "runtime/bus.h"
#include "runtime/shard.h"

namespace gatehouse::gateway {

// Denied unless something said otherwise.
enum class Verdict : std::uint8_t {
  deny = 0,
  allow = 1,
  ask = 2,  // it takes a permission, and nobody has looked yet
};

class Permissions {
 public:
  Permissions(identity::Api& identity, account::Api& account, const Clock& clock);
  void subscribe(Shard& shard, Bus<account::PermissionsChanged>& changes);

  // What the account role has granted, whatever identity says of the user.
  Task<account::v1::Permissions> of(Call call, UserId user_id);
  // Whoever is not active may nothing, although a token of theirs may still be good for a moment.
  Task<Verdict> may(Call call, UserId user_id, std::string_view permission);

 private:
  void forget(const account::PermissionsChanged& notice);
  identity::Api& identity_;
  account::Api& account_;
  Cache<UserId, account::v1::Permissions> cache_;
};

}  // namespace gatehouse::gateway
