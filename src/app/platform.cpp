#include "app/platform.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/service_key.h"
#include "drivers/mail/eml_sender.h"
#include "drivers/sqlite/inbox.h"

namespace gatehouse::app {
namespace {

std::filesystem::path or_in(const DataFolder& folder, const std::string& configured, std::string_view name) {
  return configured.empty() ? folder.path() / "keys" / name : std::filesystem::path(configured);
}

// A new key beside old databases would start, and then be unable to read what is sealed in them.
Done refuse_lost_key(const DataFolder& folder, const std::filesystem::path& key_file) {
  std::error_code error;
  if (std::filesystem::exists(key_file, error) || !std::filesystem::exists(folder.database("identity"), error))
    return {};
  return fail(Code::failed_precondition, "master_key_lost",
              "The master key " + key_file.string() +
                  " is missing, and the databases beside it cannot be read without it: restore it from a backup.");
}

std::string list_of(const std::vector<std::string_view>& roles) {
  std::string text;
  for (const auto role : roles) text += (text.empty() ? "" : ", ") + std::string(role) + ".db";
  return text;
}

Done sync(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  const bool is_synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_synced) return {};
  return fail(Code::failed_precondition, "data_folder_unusable",
              "the data folder cannot be used: " + path.string() + ": " + std::strerror(error));
}

std::vector<std::string_view> missing_databases(const DataFolder& folder) {
  std::vector<std::string_view> missing;
  std::error_code error;
  for (const auto role : database_roles)
    if (!std::filesystem::exists(folder.database(role), error)) missing.push_back(role);
  return missing;
}

bool is_first_start(const DataFolder& folder) {
  std::error_code error;
  return std::filesystem::exists(folder.first_start_mark(), error);
}

// The mark says that a first start has not come to its end: only then is it right to make a database that is missing, for
// otherwise an empty one would stand in for one that was lost. It is made before anything else, so that a folder with a
// key and neither mark nor databases has lost them.
Done begin_first_start(const DataFolder& folder) {
  if (is_first_start(folder) || missing_databases(folder).size() < std::size(database_roles)) return {};
  std::error_code error;
  if (std::filesystem::exists(folder.path() / "keys" / "master.key", error))
    return fail(Code::failed_precondition, "database_lost",
                fmt::format("The data folder {} holds a master key and none of the databases that belong to it: restore them "
                            "from a backup, or choose an empty folder for a new platform.",
                            folder.path().string()));
  if (auto marked = sync(folder.first_start_mark(), O_WRONLY | O_CREAT); !marked) return marked;
  return sync(folder.path(), O_RDONLY | O_DIRECTORY);
}

Done refuse_lost_database(const DataFolder& folder) {
  const auto missing = missing_databases(folder);
  if (missing.empty() || is_first_start(folder)) return {};
  return fail(Code::failed_precondition, "database_lost",
              fmt::format("The data folder {} lacks {}, which belongs to the databases that are there: restore it from a "
                          "backup.",
                          folder.path().string(), list_of(missing)));
}

Done end_first_start(const DataFolder& folder) {
  if (!is_first_start(folder)) return {};
  if (auto synced = sync(folder.path(), O_RDONLY | O_DIRECTORY); !synced) return synced;
  std::error_code error;
  std::filesystem::remove(folder.first_start_mark(), error);
  return {};
}

// There from the start, for whoever watches it. A failure is not final: sending makes it, too.
std::filesystem::path mail_folder(const DataFolder& folder) {
  auto path = folder.path() / "mail";
  ::mkdir(path.c_str(), 0700);
  return path;
}

Result<std::unique_ptr<sqlite::Database>> open_database(const DataFolder& folder, std::string_view role,
                                                        std::span<const sqlite::Migration> migrations,
                                                        const Clock& clock) {
  sqlite::DatabaseOptions options{.file = folder.database(role), .may_be_new = is_first_start(folder)};
  auto opened = sqlite::Database::open(options, migrations, clock);
  if (opened || opened.error().code == Code::failed_precondition) return opened;
  if (opened.error().reason == "storage_full")
    return fail(Code::unavailable, "storage_full",
                "The database " + options.file.string() + " cannot be opened: the disk is full, or it may not be written to.",
                opened.error().detail);
  return fail(
      opened.error().code, "database_unusable",
      "The database " + options.file.string() + " cannot be opened; if it is damaged, restore it from a backup.",
      opened.error().detail);
}

// Opens the signing keys, and makes the first ones, so that every folder that was ever opened can tell a wrong master
// key from its own.
Done refuse_wrong_key(const auth::Parts& parts, const std::filesystem::path& key_file) {
  Shard shard(0);
  shard.start();
  auto opening = asio::co_spawn(shard.executor(), auth::open_keys(parts), asio::use_future);
  const auto opened = opening.get();
  shard.stop();
  if (opened || opened.error().reason != "sealed_box_broken") return opened;
  return fail(Code::failed_precondition, "master_key_wrong",
              "The master key " + key_file.string() +
                  " is not the one that the databases were sealed with: restore that one from a backup.");
}

}  // namespace

Result<Databases> Databases::open(const DataFolder& folder, const Clock& clock) {
  if (auto lost = refuse_lost_database(folder); !lost) return pass(lost);
  Databases databases;
  struct Row {
    std::string_view role;
    std::span<const sqlite::Migration> migrations;
    std::unique_ptr<sqlite::Database>& into;
  };
  const Row rows[] = {{"identity", identity::sqlite_migrations(), databases.identity},
                      {"credential", credential::sqlite_migrations(), databases.credential},
                      {"auth", auth::sqlite_migrations(), databases.auth},
                      {"account", account::sqlite_migrations(), databases.account},
                      {"notification", notification::sqlite_migrations(), databases.notification}};
  for (const auto& row : rows) {
    auto opened = open_database(folder, row.role, row.migrations, clock);
    if (!opened) return pass(opened);
    row.into = *std::move(opened);
  }
  if (auto ended = end_first_start(folder); !ended) return pass(ended);
  return databases;
}

std::vector<std::pair<std::string, sqlite::Database*>> Databases::all() const {
  return {{"identity", identity.get()},
          {"credential", credential.get()},
          {"auth", auth.get()},
          {"account", account.get()},
          {"notification", notification.get()}};
}

void Databases::close() {
  for (const auto& [role, database] : all())
    if (database) database->close();
}

std::vector<ConsumerStore> make_consumer_stores(const Databases& databases) {
  std::vector<ConsumerStore> stores;
  stores.push_back({std::string(profile_consumer), "identity", sqlite::make_delivery_store(*databases.account)});
  stores.push_back({std::string(account_end_consumer), "identity", sqlite::make_delivery_store(*databases.auth)});
  stores.push_back({std::string(password_end_consumer), "credential", sqlite::make_delivery_store(*databases.auth)});
  stores.push_back({std::string(mail_consumer), "identity", sqlite::make_delivery_store(*databases.notification)});
  stores.push_back({std::string(password_mail_consumer), "credential", sqlite::make_delivery_store(*databases.notification)});
  return stores;
}

std::string issuer_of(const config::Config& config, std::string_view public_address) {
  if (!config.server.public_url.empty()) return config.server.public_url;
  return "http://" + std::string(public_address);
}

// What can fail, done before a Platform exists.
struct Platform::Opened {
  const config::Config& config;
  DataFolder folder;
  std::string issuer;
  unsigned cores;
  crypto::MasterKey master_key;
  Digest service_auth_digest;
  Databases databases;
};

Result<std::unique_ptr<Platform>> Platform::open(const config::Config& config, DataFolder folder, std::string issuer,
                                                 unsigned cores) {
  SystemRandom random;
  static const SystemClock clock;  // the databases keep a reference to it for as long as they live
  const auto key_file = or_in(folder, config.storage.master_key_file, "master.key");
  if (auto lost = refuse_lost_key(folder, key_file); !lost) return pass(lost);
  if (auto begun = begin_first_start(folder); !begun) return pass(begun);
  auto master_key = crypto::MasterKey::load_or_create(key_file, random);
  if (!master_key) return pass(master_key);
  auto service_key =
      load_or_create_service_digest(or_in(folder, config.internal.service_auth_key_file, "service-auth.key"), random);
  if (!service_key) return pass(service_key);
  auto databases = Databases::open(folder, clock);
  if (!databases) return pass(databases);
  std::unique_ptr<Platform> platform(new Platform(Opened{config, std::move(folder), std::move(issuer), cores,
                                                         *std::move(master_key), *service_key, *std::move(databases)}));
  if (auto wrong = refuse_wrong_key(platform->auth_parts, key_file); !wrong) return pass(wrong);
  return platform;
}

Platform::Platform(Opened opened)
    : config(opened.config),
      folder(std::move(opened.folder)),
      issuer(std::move(opened.issuer)),
      master_key(std::move(opened.master_key)),
      service_auth_digest(opened.service_auth_digest),
      databases(std::move(opened.databases)),
      hash_pool(credential::hash_pool_options(config.password, opened.cores), clock),
      mail_sender(mail::make_eml_sender(mail_folder(folder), clock)),
      identity_parts{*databases.identity, buses.users, master_key, clock, random, metrics, config.rate_limit.enabled},
      credential_parts{*databases.credential,    attempts_in_flight, hash_pool, config.password, master_key, clock, random, metrics,
                       config.rate_limit.enabled},
      auth_parts{*databases.auth, buses.revocations, buses.keys, config.token, issuer, master_key, clock, random,
                 metrics},
      account_parts{*databases.account, buses.permissions, clock, random, metrics} {}

Platform::~Platform() { close(); }

Roles Platform::make_roles(Shard& shard) {
  return {.identity = identity::make_sqlite_service(shard, identity_parts),
          .credential = credential::make_sqlite_service(shard, credential_parts),
          .auth = auth::make_sqlite_service(shard, auth_parts),
          .account = account::make_sqlite_service(shard, account_parts)};
}

void Platform::close() {
  hash_pool.stop();
  databases.close();
}

}  // namespace gatehouse::app
