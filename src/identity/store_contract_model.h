// Random use of a Store beside a model of it in a few maps: names and verified addresses belong to one user each,
// whatever the order of things (store_contract.h says how to run it).
#pragma once

#include "identity/store_contract.h"

namespace gatehouse::identity {

struct ModelUser {
  std::string name;
  v1::UserStatus status = v1::USER_STATUS_PENDING;
  std::map<std::string, bool> addresses;  // → verified
  std::int64_t version = 1;
};

template <class Backend>
class StoreModel : public StoreContract<Backend> {
 protected:
  std::map<std::string, ModelUser> users;  // by id
  SeededRandom choices{1};

  std::string pick_name() { return "name" + std::to_string(choices.below(6)); }
  std::string pick_address() { return "a" + std::to_string(choices.below(5)) + "@example.org"; }
  v1::User pick_user() {
    v1::User user;
    auto at = users.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(choices.below(users.size())));
    user.set_id(at->first);
    return user;
  }
  bool is_name_free(const std::string& name, const std::string& except = {}) const {
    return std::ranges::none_of(users, [&](const auto& u) { return u.first != except && u.second.name == name; });
  }
  std::string owner_of(const std::string& address) const {
    for (const auto& [id, user] : users)
      if (const auto held = user.addresses.find(address); held != user.addresses.end() && held->second) return id;
    return {};
  }
  template <class T>
  static std::string outcome(const Result<T>& result) {
    return result ? "done" : result.error().reason;
  }

  void create() {
    const auto name = pick_name();
    const auto created = this->wait(this->store().create_user(this->now(), this->new_user(name)));
    ASSERT_EQ(outcome(created), is_name_free(name) ? "done" : "username_taken");
    if (created) users[created->user.id()].name = name;
  }
  void activate() {
    const auto user = pick_user();
    auto& model = users[user.id()];
    const auto activated = this->wait(this->store().activate_user(this->now(), this->id_of(user)));
    ASSERT_EQ(outcome(activated), model.status == v1::USER_STATUS_DISABLED ? "user_disabled" : "done");
    if (model.status == v1::USER_STATUS_PENDING) model.status = v1::USER_STATUS_ACTIVE, ++model.version;
  }
  void release() {
    const auto user = pick_user();
    const bool is_pending = users[user.id()].status == v1::USER_STATUS_PENDING;
    ASSERT_EQ(this->wait(this->store().release_user(this->now(), this->id_of(user)))->value, is_pending);
    if (is_pending) users.erase(user.id());
  }
  void rename() {
    const auto user = pick_user();
    const auto name = pick_name();
    auto& model = users[user.id()];
    const auto renamed = this->wait(
        this->store().update_user(this->now(), this->id_of(user), UserPatch{.username = *parse_username(name)}));
    ASSERT_EQ(outcome(renamed), is_name_free(name, user.id()) ? "done" : "username_taken");
    if (renamed && model.name != name) model.name = name, ++model.version;
  }
  void disable() {
    const auto user = pick_user();
    auto& model = users[user.id()];
    const bool disabled = choices.below(2) == 0;
    const auto wanted = disabled ? v1::USER_STATUS_DISABLED : v1::USER_STATUS_ACTIVE;
    const auto set = this->wait(this->store().set_user_disabled(this->now(), this->id_of(user), disabled));
    ASSERT_EQ(outcome(set), model.status == v1::USER_STATUS_PENDING ? "user_pending" : "done");
    if (set && model.status != wanted) model.status = wanted, ++model.version;
  }
  void remove() {
    const auto user = pick_user();
    ASSERT_TRUE(this->wait(this->store().delete_user(this->now(), this->id_of(user), std::nullopt)));
    users.erase(user.id());
  }
  void claim() {
    const auto user = pick_user();
    auto& model = users[user.id()];
    const auto address = pick_address();
    ASSERT_TRUE(this->attach(user, address));
    if (model.addresses.emplace(address, false).second) ++model.version;
  }
  void prove() {
    const auto user = pick_user();
    const auto address = pick_address();
    const auto owner = owner_of(address);
    const auto verified = this->verify(user, address);
    ASSERT_EQ(outcome(verified), owner.empty() || owner == user.id() ? "done" : "identifier_taken");
    if (!verified || owner == user.id()) return;
    for (auto& [id, other] : users)
      if (id != user.id() && other.addresses.erase(address) > 0) ++other.version;
    users[user.id()].addresses[address] = true;
    ++users[user.id()].version;
  }
  void detach() {
    const auto user = pick_user();
    auto& model = users[user.id()];
    const auto held = this->wait(this->store().list_identifiers(Call{}, this->id_of(user))).value();
    if (held.empty()) return;
    const auto& gone = held[choices.below(held.size())];
    ASSERT_TRUE(this->wait(this->store().detach_identifier(this->now(), this->id_of(user), *Uuid::parse(gone.id()))));
    model.addresses.erase(gone.value());
    ++model.version;
  }
  void step() {
    this->clock.advance(Milliseconds{1});
    if (users.empty() || choices.below(4) == 0) return create();
    switch (choices.below(9)) {
      case 0: return activate();
      case 1: return release();
      case 2: return rename();
      case 3: return disable();
      case 4: return choices.below(3) == 0 ? remove() : claim();
      case 5: return claim();
      case 6: return detach();
      default: return prove();
    }
  }

  void compare() {
    for (const auto& [id, model] : users) {
      const auto user = this->wait(this->store().find_user(Call{}, *UserId::parse(id))).value();
      ASSERT_EQ(user.username(), model.name);
      ASSERT_EQ(user.status(), model.status);
      ASSERT_EQ(user.version(), model.version);
      std::map<std::string, bool> held;
      for (const auto& identifier : this->wait(this->store().list_identifiers(Call{}, *UserId::parse(id))).value())
        held[identifier.value()] = identifier.verified();
      ASSERT_EQ(held, model.addresses);
      ASSERT_EQ(user.email_verified(), std::ranges::any_of(held, [](const auto& h) { return h.second; }));
      ASSERT_EQ(this->wait(this->store().find_user_by_username(Call{}, model.name))->id(), id);
    }
  }
};
TYPED_TEST_SUITE_P(StoreModel);

TYPED_TEST_P(StoreModel, agrees_with_the_store_after_every_step_of_random_use) {
  for (int i = 0; i < 400; ++i) {
    SCOPED_TRACE(i);
    ASSERT_NO_FATAL_FAILURE(this->step());
    if (i % 10 == 0) {
      ASSERT_NO_FATAL_FAILURE(this->compare());
    }
  }
  ASSERT_NO_FATAL_FAILURE(this->compare());
  EXPECT_FALSE(this->users.empty());
}

REGISTER_TYPED_TEST_SUITE_P(StoreModel, agrees_with_the_store_after_every_step_of_random_use);

}  // namespace gatehouse::identity
