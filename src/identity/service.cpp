// Users: registration, reading, change. Addresses and challenges are in service_challenges.cpp.
#include "identity/service.h"

#include <algorithm>

#include "base/limits.h"
#include "crypto/digest.h"
#include "identity/user.h"
#include "resilience/source.h"

namespace gatehouse::identity {
namespace {

constexpr std::size_t scope_bytes_max = 32;  // what a caller puts before a key to keep its own apart ("register:")
constexpr std::size_t origin_octets = 12;
constexpr Milliseconds cached_for{5 * 60 * 1000};  // a backstop: the Bus is what keeps the cache true

Result<UserId> parse_user_id(std::string_view text) {
  const auto id = UserId::parse(text);
  if (!id) return user_not_found();
  return *id;
}

template <class T>
std::optional<T> if_set(bool is_set, T value) {
  if (!is_set) return std::nullopt;
  return value;
}

}  // namespace

Service::Service(Shard& shard, ServiceParts parts)
    : store_(std::move(parts.store)),
      changes_(parts.changes),
      clock_(parts.clock),
      random_(parts.random),
      code_key_(parts.master_key.derive("identity.challenge-code")),
      address_key_(parts.master_key.derive("identity.challenge-address")),
      idempotency_key_key_(parts.master_key.derive("identity.idempotency-key")),
      origin_key_(parts.master_key.derive("identity.origin")),
      fills_scope_(shard.executor()),
      fills_(fills_scope_, parts.clock),
      users_(limits::user_cache_entries_max, cached_for, parts.clock),
      names_(limits::user_cache_entries_max, cached_for, parts.clock),
      counters_(parts.metrics) {}

void Service::forget(const UserChanged& changed) {
  const auto id = UserId::parse(changed.user_id);
  if (!id) return;
  users_.invalidate(*id);
  fills_.forget(*id);
  for (const auto& key : changed.username_keys) names_.invalidate(key);
}

// Mail is sent in turn by origin: an IPv6 /48 is one, for one person may have all of it.
Occasion Service::occasion_of(const Call& call) const {
  const auto network = network_of(call.caller.source);
  const auto digest = crypto::hmac_sha256(origin_key_, network);
  return {.call = call, .now = clock_.wall(), .origin = to_base64url(as_view(digest).substr(0, origin_octets))};
}

Task<v1::CreateUserResponse> Service::create_user(Call call, v1::CreateUserRequest request) {
  const auto& key = request.idempotency_key();
  if (key.empty() || key.size() > limits::idempotency_key_bytes_max + scope_bytes_max)
    co_return fail(Code::invalid_argument, "idempotency_key_invalid", "An idempotency key has 1 to 128 characters.");
  const auto request_hash = from_base64url(request.request_hash());
  if (!request_hash || request_hash->size() != sizeof(Digest))
    co_return fail(Code::invalid_argument, "request_hash_invalid", "A request hash is 32 octets in base64url.");
  auto username = parse_username(request.username());
  const auto email = request.email().empty() ? Result<Email>() : parse_email(request.email());
  FieldErrors errors;
  errors.add(username).add(email);
  if (!errors.empty()) co_return errors.failure();

  const Occasion occasion = occasion_of(call);
  NewUser user{.id = UserId{Uuid::make_v7(occasion.now, random_)},
               .username = std::move(*username),
               .idempotency_key = crypto::hmac_sha256(idempotency_key_key_, key)};
  std::ranges::copy(as_bytes(*request_hash), user.request_hash.begin());
  if (!request.email().empty()) user.email = *email;
  auto created = co_await store_->create_user(occasion, std::move(user));
  if (!created) co_return pass(created);
  if (!created->resumed) counters_.users_created.Increment();
  v1::CreateUserResponse response;
  *response.mutable_user() = std::move(created->user);
  response.set_resumed(created->resumed);
  co_return response;
}

Task<v1::User> Service::activate_user(Call call, v1::ActivateUserRequest request) {
  const auto id = parse_user_id(request.user_id());
  if (!id) co_return pass(id);
  auto change = store_->activate_user(occasion_of(call), *id);
  co_return co_await settle(std::move(change));
}

Task<v1::ReleaseUserResponse> Service::release_user(Call call, v1::ReleaseUserRequest request) {
  v1::ReleaseUserResponse response;
  const auto id = UserId::parse(request.user_id());
  if (!id) co_return response;
  auto change = store_->release_user(occasion_of(call), *id);
  const auto released = co_await settle(std::move(change));
  if (!released) co_return pass(released);
  response.set_released(*released);
  co_return response;
}

Task<v1::ListPendingUsersResponse> Service::list_pending_users(Call call, v1::ListPendingUsersRequest request) {
  constexpr int most = static_cast<int>(limits::page_items_max);
  const int limit = request.limit() <= 0 || request.limit() > most ? most : request.limit();
  auto users = co_await store_->list_pending_users(call, from_ms(request.created_before_ms()), limit);
  if (!users) co_return pass(users);
  v1::ListPendingUsersResponse response;
  for (auto& user : *users) *response.add_users() = std::move(user);
  co_return response;
}

Task<v1::User> Service::get_user(Call call, v1::GetUserRequest request) {
  const auto id = parse_user_id(request.user_id());
  if (!id) co_return pass(id);
  if (const v1::User* user = users_.find(*id)) co_return *user;
  counters_.cache_misses.Increment();
  Call unhurried = call;  // the fill serves all who wait, not only the one who is in the greatest hurry
  unhurried.deadline = SteadyTime::max();
  auto fill = [this, unhurried, id = *id] { return fill_user(unhurried, id); };
  co_return co_await fills_.run(call, *id, std::move(fill));
}

Task<v1::User> Service::fill_user(Call call, UserId id) {
  const auto ticket = users_.begin_fill(id);
  auto user = co_await store_->find_user(call, id);
  if (user) users_.put(ticket, id, *user);
  co_return user;
}

Task<v1::User> Service::get_user_by_username(Call call, v1::GetUserByUsernameRequest request) {
  auto key = username_key(request.username());
  if (!key) co_return user_not_found();
  if (const UserId* id = names_.find(*key))
    if (const v1::User* user = users_.find(*id)) co_return *user;
  counters_.cache_misses.Increment();
  const auto name_ticket = names_.begin_fill(*key);
  const auto user_ticket = users_.begin_fill_any();
  auto user = co_await store_->find_user_by_username(call, *key);
  if (!user) co_return pass(user);
  const auto id = UserId::parse(user->id());
  if (!id) co_return internal("a stored user has no id");
  names_.put(name_ticket, std::move(*key), *id);
  users_.put(user_ticket, *id, *user);
  co_return user;
}

Task<v1::User> Service::get_user_by_email(Call call, v1::GetUserByEmailRequest request) {
  auto email = parse_email(request.email());
  if (!email) co_return user_not_found();
  co_return co_await store_->find_user_by_email(call, std::move(email->key));
}

Task<v1::User> Service::update_user(Call call, v1::UpdateUserRequest request) {
  const auto id = parse_user_id(request.user_id());
  if (!id) co_return pass(id);
  auto username = request.has_username() ? parse_username(request.username()) : Result<Username>();
  auto display_name = request.has_display_name() ? parse_display_name(request.display_name()) : Result<std::string>();
  auto locale = request.has_locale() ? parse_locale(request.locale()) : Result<std::string>();
  FieldErrors errors;
  errors.add(username).add(display_name).add(locale);
  if (!errors.empty()) co_return errors.failure();
  UserPatch patch{.username = if_set(request.has_username(), std::move(*username)),
                  .display_name = if_set(request.has_display_name(), std::move(*display_name)),
                  .locale = if_set(request.has_locale(), std::move(*locale)),
                  .expected_version = if_set(request.has_expected_version(), request.expected_version())};
  auto change = store_->update_user(occasion_of(call), *id, std::move(patch));
  co_return co_await settle(std::move(change));
}

Task<v1::User> Service::set_user_disabled(Call call, v1::SetUserDisabledRequest request) {
  const auto id = parse_user_id(request.user_id());
  if (!id) co_return pass(id);
  auto change = store_->set_user_disabled(occasion_of(call), *id, request.disabled());
  co_return co_await settle(std::move(change));
}

Task<v1::DeleteUserResponse> Service::delete_user(Call call, v1::DeleteUserRequest request) {
  const auto id = parse_user_id(request.user_id());
  if (!id) co_return pass(id);
  const auto expected = if_set(request.has_expected_version(), request.expected_version());
  auto change = store_->delete_user(occasion_of(call), *id, expected);
  const auto deleted = co_await settle(std::move(change));
  if (!deleted) co_return pass(deleted);
  counters_.users_deleted.Increment();
  co_return v1::DeleteUserResponse();
}

}  // namespace gatehouse::identity
