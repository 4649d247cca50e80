// Hears what happens to users and keeps their profiles. One for the process, on the consumer's shard.
#pragma once

#include <memory>

#include "account/events.h"
#include "account/store.h"
#include "base/random.h"
#include "events/consumer.h"
#include "runtime/bus.h"

namespace gatehouse::account {

class ProfileConsumer final : public events::Handler {
 public:
  ProfileConsumer(std::unique_ptr<Store> store, Bus<PermissionsChanged>& changes, const Clock& clock, Random& random)
      : store_(std::move(store)), changes_(changes), clock_(clock), random_(random) {}
  // Idempotent by event id. Events it does not know are done at once.
  Task<void> handle(Call call, events::Event event) override;

 private:
  Task<void> create_profile(Call call, events::Event heard);

  const std::unique_ptr<Store> store_;
  Bus<PermissionsChanged>& changes_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace gatehouse::account
