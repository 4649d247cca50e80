// Platform: what all shards share, and the roles that each of them gets. Everything but the network; used by the server
// (process.h) and, with one shard and no listener, by commands that work on a data folder nobody serves.
//
// Built on the main thread before the shards start, destroyed there after they have stopped. Members are declared in
// the order they are needed, so that they go in reverse.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "account/wire.h"
#include "app/data_folder.h"
#include "auth/wire.h"
#include "config/config.h"
#include "credential/wire.h"
#include "crypto/master_key.h"
#include "drivers/mail/sender.h"
#include "drivers/sqlite/database.h"
#include "events/consumer.h"
#include "identity/wire.h"
#include "notification/wire.h"
#include "runtime/cpu_pool.h"
#include "runtime/shard.h"
#include "telemetry/metrics.h"

namespace gatehouse::app {

// One file a role: no role can reach into another's tables.
struct Databases {
  std::unique_ptr<sqlite::Database> identity, credential, auth, account, notification;

  [[nodiscard]] static Result<Databases> open(const DataFolder& folder, const Clock& clock);
  [[nodiscard]] std::vector<std::pair<std::string, sqlite::Database*>> all() const;
  void close();
};

// The consumers of this process and what each remembers, in the database its effects are in.
struct ConsumerStore {
  std::string consumer, role;  // whose events it hears
  std::unique_ptr<events::DeliveryStore> store;
};
inline constexpr std::string_view profile_consumer = "account.profile";
inline constexpr std::string_view account_end_consumer = "gateway.account_end";
inline constexpr std::string_view password_end_consumer = "gateway.password_end";
inline constexpr std::string_view mail_consumer = "notification.mail";
inline constexpr std::string_view password_mail_consumer = "notification.password_mail";
[[nodiscard]] std::vector<ConsumerStore> make_consumer_stores(const Databases& databases);

// The URL that tokens are issued under: server.public_url, or where the public listener is.
[[nodiscard]] std::string issuer_of(const config::Config& config, std::string_view public_address);

struct Buses {
  Bus<identity::UserChanged> users;
  Bus<auth::SessionsRevoked> revocations;
  Bus<auth::KeysChanged> keys;
  Bus<account::PermissionsChanged> permissions;
};

// The services of one shard.
struct Roles {
  std::unique_ptr<identity::Api> identity;
  std::unique_ptr<credential::Api> credential;
  std::unique_ptr<auth::Api> auth;
  std::unique_ptr<account::Api> account;
};

class Platform {
 public:
  // `issuer` is the URL that tokens are issued under.
  [[nodiscard]] static Result<std::unique_ptr<Platform>> open(const config::Config& config, DataFolder folder,
                                                              std::string issuer, unsigned cores);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // Builds the roles of a shard that does not run yet.
  [[nodiscard]] Roles make_roles(Shard& shard);
  // Ends the hash pool and the databases. After the shards have stopped; idempotent.
  void close();

  const config::Config config;
  const DataFolder folder;
  const std::string issuer;
  SystemClock clock;
  SystemRandom random;
  telemetry::Metrics metrics;
  crypto::MasterKey master_key;
  const Digest service_auth_digest;  // of the key that services present
  Databases databases;
  credential::InFlight attempts_in_flight;
  CpuPool hash_pool;
  Buses buses;
  std::unique_ptr<mail::Sender> mail_sender;
  const identity::Parts identity_parts;
  const credential::Parts credential_parts;
  const auth::Parts auth_parts;
  const account::Parts account_parts;

 private:
  struct Opened;
  explicit Platform(Opened opened);
};

}  // namespace gatehouse::app
