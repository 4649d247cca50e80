#include "events/consumer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "telemetry/log.h"

namespace gatehouse::events {
namespace {

LoggedEvent event(std::int64_t offset, std::string subject) {
  return {.offset = offset, .event = {.event_id = std::to_string(offset), .event_type = "t.v1", .subject = std::move(subject)}};
}

class MemoryLog final : public EventLog {
 public:
  [[nodiscard]] std::string_view topic() const override { return "test"; }
  Task<std::vector<LoggedEvent>> read(Call, std::int64_t after, int limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<LoggedEvent> found;
    for (const auto& one : events_)
      if (one.offset > after && std::ssize(found) < limit) found.push_back(one);
    co_return found;
  }
  Task<bool> holds(Call, Position position) override {
    const std::lock_guard lock(mutex_);
    const auto is_it = [&](const auto& one) { return one.offset == position.offset && one.event.event_id == position.event_id; };
    co_return std::ranges::any_of(events_, is_it);
  }
  void on_append(std::function<void()> wake) override { wake_ = std::move(wake); }
  void append(LoggedEvent logged) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(logged));
    }
    if (wake_) wake_();
  }

 private:
  std::mutex mutex_;
  std::vector<LoggedEvent> events_;
  std::function<void()> wake_;
};

// Remembers like a database, on the shard's thread, and fails when told to.
class MemoryStore final : public DeliveryStore {
 public:
  Task<Position> load_position(Call, std::string) override { co_return Position{offset, event_id}; }
  Task<void> save_position(Call, std::string, Position to, std::vector<ParkedEvent> newly) override {
    if (saves_to_fail > 0) {
      --saves_to_fail;
      co_return unavailable("storage_full", "test");
    }
    offset = to.offset;
    event_id = to.event_id;
    for (auto& one : newly) parked[one.logged.offset] = one;
    co_return Done{};
  }
  Task<void> begin_again(Call, std::string) override {
    offset = 0;
    ++begun_again;
    co_return Done{};
  }
  Task<std::int64_t> trim_claims(Call, std::string, WallTime, int) override { co_return 0; }
  Task<std::vector<ParkedEvent>> load_parked(Call, std::string) override {
    std::vector<ParkedEvent> all;
    for (const auto& [at, one] : parked) all.push_back(one);
    co_return all;
  }
  Task<void> update_parked(Call, std::string, ParkedEvent one, std::string) override {
    parked[one.logged.offset] = one;
    co_return Done{};
  }
  Task<void> remove_parked(Call, std::string, std::int64_t at) override {
    parked.erase(at);
    co_return Done{};
  }
  Task<void> bury(Call, DeadLetter letter) override {
    parked.erase(letter.logged.offset);
    dead[letter.logged.offset] = letter;
    co_return Done{};
  }
  Task<std::vector<DeadLetter>> list_dead(Call, std::string, int) override { co_return std::vector<DeadLetter>(); }
  Task<void> replay_dead(Call, std::int64_t at, WallTime now) override {
    parked[at] = {.logged = dead.at(at).logged, .next_at = now};
    dead.erase(at);
    co_return Done{};
  }

  std::int64_t offset = 0;
  std::string event_id;
  int begun_again = 0;
  std::map<std::int64_t, ParkedEvent> parked;
  std::map<std::int64_t, DeadLetter> dead;
  int saves_to_fail = 0;
};

// Fails an event as often as it was told to, then notes it, and tells who waits.
class ScriptedHandler final : public Handler {
 public:
  Task<void> handle(Call, Event one) override {
    const std::lock_guard lock(mutex_);
    ++tries[one.event_id];
    if (throws.contains(one.event_id)) throw std::runtime_error("a bug");
    auto& left = failures[one.event_id];
    if (left.second != 0) {
      --left.second;
      co_return fail(left.first, "scripted", "scripted");
    }
    handled.push_back(one.event_id);
    changed.notify_all();
    co_return Done{};
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed.wait_for(lock, std::chrono::seconds{20}, [&] { return handled.size() >= count; });
    return handled;
  }

  std::mutex mutex_;
  std::condition_variable changed;
  std::map<std::string, std::pair<Code, int>> failures;
  std::map<std::string, int> tries;
  std::set<std::string> throws;
  std::vector<std::string> handled;
};

class ConsumerTest : public ::testing::Test {
 protected:
  void start() {
    shard_.start();
    go_on();
  }
  void go_on() {
    on_shard([this] {
      scope_.emplace(shard_.executor());
      consumer_.emplace(options_, log_, store_, handler_, clock_, random_, metrics_);
      consumer_->start(shard_, *scope_);
    });
  }
  void stop() {
    asio::co_spawn(shard_.executor(), scope_->close(), asio::use_future).get();
    on_shard([this] { consumer_.reset(), scope_.reset(); });
  }
  void TearDown() override { shard_.stop(); }
  template <class Work>
  void on_shard(Work work) {
    std::promise<void> done;
    shard_.post([&] { work(), done.set_value(); });
    done.get_future().get();
  }
  template <class Holds>
  void wait_until(Holds holds) {
    bool is_true = false;
    do {
      on_shard([&] { is_true = holds(); });
    } while (!is_true);
  }

  ConsumerOptions options_{.name = "test", .attempts_max = 3, .backoff_min = Milliseconds{1}, .backoff_max = Milliseconds{2}, .poll = Milliseconds{5}, .store_pause = Milliseconds{1}};
  const SystemClock clock_;
  SeededRandom random_{1};
  telemetry::Metrics metrics_;
  MemoryLog log_;
  MemoryStore store_;
  ScriptedHandler handler_;
  Shard shard_{0};
  std::optional<Scope> scope_;
  std::optional<Consumer> consumer_;
};

using Ids = std::vector<std::string>;

TEST_F(ConsumerTest, delivers_in_order_and_remembers_how_far) {
  for (int i = 1; i <= 200; ++i) log_.append(event(i, "s" + std::to_string(i % 3)));
  start();
  const auto handled = handler_.wait_for(200);
  Ids expected;
  for (int i = 1; i <= 200; ++i) expected.push_back(std::to_string(i));
  EXPECT_EQ(handled, expected);
  wait_until([&] { return store_.offset == 200; });
  stop();
}

TEST_F(ConsumerTest, an_append_wakes_it) {
  options_.poll = std::chrono::hours{1};
  start();
  for (int i = 1; i <= 20; ++i) {
    log_.append(event(i, "a"));
    ASSERT_EQ(handler_.wait_for(static_cast<std::size_t>(i)).size(), static_cast<std::size_t>(i));
  }
  stop();
}

TEST_F(ConsumerTest, a_failing_event_holds_back_its_own_subject_only) {
  handler_.failures["1"] = {Code::internal, 2};
  for (int i = 1; i <= 3; ++i) log_.append(event(i, i == 2 ? "b" : "a"));
  start();
  EXPECT_EQ(handler_.wait_for(3), (Ids{"2", "1", "3"}));
  stop();
  EXPECT_EQ(handler_.tries["1"], 3);
  EXPECT_TRUE(store_.parked.empty());
}

TEST_F(ConsumerTest, poison_and_the_hopeless_become_dead_letters_and_the_subject_goes_on) {
  handler_.failures["1"] = {Code::internal, -1};
  handler_.failures["2"] = {Code::invalid_argument, -1};
  handler_.throws.insert("3");
  for (int i = 1; i <= 4; ++i) log_.append(event(i, "a"));
  start();
  EXPECT_EQ(handler_.wait_for(1), (Ids{"4"}));
  stop();
  EXPECT_EQ(store_.dead.size(), 3U);
  EXPECT_EQ(store_.dead.at(1).attempts, 3U);
  EXPECT_EQ(handler_.tries["2"], 1);
  EXPECT_NE(store_.dead.at(3).last_error.find("a bug"), std::string::npos);
  EXPECT_NE(metrics_.expose().find("gatehouse_events_dead_total{consumer=\"test\"} 3"), std::string::npos);
}

TEST_F(ConsumerTest, a_replayed_dead_letter_is_delivered_once_it_is_woken) {
  options_.poll = std::chrono::hours{1};
  handler_.failures["1"] = {Code::invalid_argument, 1};
  log_.append(event(1, "a"));
  start();
  wait_until([&] { return store_.dead.contains(1) && store_.offset == 1; });
  asio::co_spawn(shard_.executor(), store_.replay_dead(Call(), 1, clock_.wall()), asio::use_future).get().value();
  consumer_->wake();
  EXPECT_EQ(handler_.wait_for(1), (Ids{"1"}));
  stop();
}

TEST_F(ConsumerTest, when_its_storage_fails_it_starts_again_from_what_was_saved) {
  store_.saves_to_fail = 1;
  log_.append(event(1, "a"));
  start();
  EXPECT_EQ(handler_.wait_for(2), (Ids{"1", "1"}));  // a duplicate, for the inbox to absorb; never a loss
  wait_until([&] { return store_.offset == 1; });
  stop();
}

TEST_F(ConsumerTest, reads_no_further_while_too_many_are_parked) {
  options_.parked_max = 5;
  for (int i = 1; i <= 50; ++i) {
    handler_.failures[std::to_string(i)] = {Code::unavailable, -1};
    log_.append(event(i, std::to_string(i)));
  }
  start();
  wait_until([&] { return store_.parked.size() == 5; });
  wait_until([&] { return handler_.tries["5"] > 3; });  // goes on trying what it has
  on_shard([&] {
    EXPECT_EQ(store_.offset, 5);
    EXPECT_EQ(handler_.tries.count("6"), 0U);
  });
  {
    const std::lock_guard lock(handler_.mutex_);
    handler_.failures.clear();
  }
  EXPECT_EQ(handler_.wait_for(50).size(), 50U);
  stop();
}

TEST_F(ConsumerTest, begins_again_in_a_log_without_the_event_that_it_read_last) {
  for (int i = 1; i <= 3; ++i) log_.append(event(i, "a"));
  shard_.start();
  for (const std::int64_t stands_at : {2, 12}) {  // another event has its offset; there is none that far
    handler_.handled.clear();
    store_.begun_again = 0, store_.offset = stands_at, store_.event_id = "of the other log";
    go_on();
    EXPECT_EQ(handler_.wait_for(3), (Ids{"1", "2", "3"})) << stands_at;
    wait_until([&] { return store_.offset == 3; });
    stop();
    EXPECT_EQ(store_.begun_again, 1);
  }
}

TEST_F(ConsumerTest, stops_between_two_events_and_goes_on_where_it_was) {
  for (int i = 1; i <= 500; ++i) log_.append(event(i, "a"));
  start();
  handler_.wait_for(10);
  stop();
  const auto so_far = handler_.handled.size();
  EXPECT_EQ(store_.offset, static_cast<std::int64_t>(so_far));
  go_on();
  const auto handled = handler_.wait_for(500);
  EXPECT_EQ(handled.size(), 500U);
  EXPECT_EQ(std::set<std::string>(handled.begin(), handled.end()).size(), 500U);
  stop();
}

}  // namespace
}  // namespace gatehouse::events
