// The contract of Store, written once and run on every adapter: a Backend makes an empty store and shows its event log.
//
//   struct Backend { Backend(ManualClock&, Random&); Shard& shard(); Store& store(); events::EventLog& log(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, StoreUsers, SqliteBackend);   // and the other three
//
// Here is what the suites share; they stand in store_contract_{users,addresses,challenges,model}.h.
// The shard has no thread of its own here: wait() turns its loop, so that what runs when is in the test's hands.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <optional>
#include <set>

#include "crypto/aead.h"
#include "events/log.h"
#include "identity/store.h"
#include "json/reader.h"
#include "runtime/shard.h"

namespace gatehouse::identity {

// Starts all tasks at once, then turns the shard's loop until the last has ended.
template <class T>
std::vector<Result<T>> wait_all(Shard& shard, std::vector<Task<T>> tasks) {
  std::vector<std::optional<Result<T>>> results(tasks.size());
  std::size_t left = tasks.size();
  for (std::size_t i = 0; i < tasks.size(); ++i)
    asio::co_spawn(shard.executor(), std::move(tasks[i]),
                   [&results, &left, i](std::exception_ptr thrown, Result<T> result) {
                     if (thrown) std::rethrow_exception(thrown);
                     results[i] = std::move(result);
                     --left;
                   });
  while (left > 0) {
    shard.io().restart();
    shard.io().run_one();
  }
  std::vector<Result<T>> done;
  for (auto& result : results) done.push_back(std::move(*result));
  return done;
}

template <class T>
Result<T> wait_one(Shard& shard, Task<T> task) {
  std::vector<Task<T>> tasks;
  tasks.push_back(std::move(task));
  return std::move(wait_all(shard, std::move(tasks)).front());
}

template <class Backend>
class StoreContract : public testing::Test {
 protected:
  ManualClock clock;
  SystemRandom random;
  Backend backend{clock, random};
  std::uint64_t made = 0;

  Store& store() { return backend.store(); }
  template <class T>
  Result<T> wait(Task<T> task) {
    return wait_one(backend.shard(), std::move(task));
  }
  Occasion now(std::optional<UserId> caller = std::nullopt) {
    Occasion occasion{.call = {}, .now = clock.wall()};
    if (caller) occasion.call.caller.user_id = *caller;
    return occasion;
  }
  static Digest digest_of(std::string_view text) {
    Digest digest{};
    for (std::size_t i = 0; i < text.size(); ++i)
      digest[i % 32] = static_cast<std::uint8_t>(digest[i % 32] * 31 + text[i]);
    digest[31] |= 1;
    return digest;
  }
  Uuid fresh_id() { return Uuid::make_v7(clock.wall(), random); }
  static UserId id_of(const v1::User& user) { return *UserId::parse(user.id()); }

  NewUser new_user(std::string_view name, std::string key = {}) {
    if (key.empty()) key = "key" + std::to_string(++made);
    return {.id = UserId{fresh_id()},
            .username = *parse_username(name),
            .idempotency_key = digest_of(key),
            .request_hash = digest_of("request")};
  }
  v1::User create(std::string_view name) { return wait(store().create_user(now(), new_user(name)))->user; }
  v1::User create_active(std::string_view name) {
    return wait(store().activate_user(now(), id_of(create(name))))->value;
  }

  Result<Changed<v1::Identifier>> attach(const v1::User& user, std::string_view address,
                                         std::optional<ChallengeId> proof = {}) {
    auto email = *parse_email(address);
    NewIdentifier wanted{.id = fresh_id(),
                         .user = id_of(user),
                         .email = email,
                         .proof = proof,
                         .address_hash = digest_of("address" + email.key)};
    return wait(store().attach_identifier(now(), std::move(wanted)));
  }
  // Attaches and verifies, by a challenge and its code.
  Result<Changed<v1::Identifier>> verify(const v1::User& user, std::string_view address) {
    const auto id = challenge(Purpose::verify, address);
    EXPECT_EQ(guess(id, Purpose::verify, "right")->verdict, Verdict::right);
    return attach(user, address, id);
  }
  ChallengeId challenge(Purpose purpose, std::string_view address, std::optional<UserId> by = std::nullopt) {
    auto email = *parse_email(address);
    NewChallenge wanted{.challenge = make_challenge(ChallengeId{fresh_id()}, purpose, clock.wall()),
                        .email = email,
                        .code = SecretString("12345678")};
    wanted.challenge.address_hash = digest_of("address" + email.key);
    wanted.challenge.code_hash = digest_of("right");
    wanted.challenge.created_by = by;
    const ChallengeId id = wanted.challenge.id;
    EXPECT_TRUE(wait(store().create_challenge(now(), std::move(wanted))));
    return id;
  }
  Task<Judged> guess_task(ChallengeId id, Purpose purpose, std::string_view code, std::optional<UserId> caller = {}) {
    return store().try_challenge(now(caller), Guess{.id = id, .purpose = purpose, .code_hash = digest_of(code)});
  }
  Result<Judged> guess(ChallengeId id, Purpose purpose, std::string_view code, std::optional<UserId> caller = {}) {
    return wait(guess_task(id, purpose, code, caller));
  }
  v1::User find(const v1::User& user) { return wait(store().find_user(Call{}, id_of(user))).value(); }

  std::vector<events::Event> events() {
    std::vector<events::Event> all;
    const auto logged = wait(backend.log().read(Call{}, 0, 10'000));
    EXPECT_TRUE(logged);
    for (const auto& entry : *logged) all.push_back(entry.event);
    return all;
  }
  // The types of one subject's events, in order.
  std::vector<std::string> story(std::string_view subject) {
    std::vector<std::string> types;
    for (const auto& event : events())
      if (event.subject == subject) types.push_back(event.event_type);
    return types;
  }
  std::map<std::string, std::string> unseal(const events::Event& event) {
    const auto key = wait(store().find_subject_key(Call{}, *Uuid::parse(event.key_id)));
    EXPECT_TRUE(key);
    const std::string_view quoted = event.data;
    const auto box = from_base64url(quoted.substr(1, quoted.size() - 2));
    EXPECT_TRUE(box);
    const auto text = crypto::open(*key, *box, event.event_id);
    EXPECT_TRUE(text);
    std::map<std::string, std::string> members;
    const auto object = json::read_object(text->reveal());
    EXPECT_TRUE(object);
    for (const auto& member : *object)
      members[std::string(member.key())] =
          member.value().is_string() ? std::string(member.value().get_string()) : boost::json::serialize(member.value());
    return members;
  }
};

using Names = std::vector<std::string>;

}  // namespace gatehouse::identity
