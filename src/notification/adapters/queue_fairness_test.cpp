// Whose mail goes first, and whose does not go at all when there is too much of it.
#include "notification/adapters/queue_fixture_test.h"

namespace gatehouse::notification {
namespace {

class QueueFairness : public MailQueueTest {
 protected:
  std::string ask(const std::string& origin, const std::string& purpose = "verify") {
    const auto event = challenge_created("key-" + std::to_string(++asked_), purpose, origin);
    EXPECT_TRUE(handle(event));
    return event.event_id;
  }
  void send(int mails) {
    for (int i = 0; i < mails; ++i) EXPECT_TRUE(send_next().value());
  }
  // A queue as full as it gets, all of one origin.
  void flood(const std::string& which) {
    auto job = [which](sqlite::Connection& connection) -> Done {
      auto filled = connection.execute(
          "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)"
          " INSERT INTO mail_queue (id, template, priority, turn, origin, subject, correlation_id, key_id, box, created_at_ms,"
          " expires_at_ms, attempts, next_at_ms, status, last_error)"
          " SELECT 'flood-' || i, ?2, 0, i, 'flood', '', '', '', x'00', 0, NULL, 0, 0, 'queued', '' FROM n",
          static_cast<std::int64_t>(mails_queued_max), which);
      if (!filled) return pass(filled);
      return {};
    };
    ASSERT_TRUE(wait(database_->write<void>(Call{}, job)));
  }
  std::int64_t count(const char* sql) {
    auto job = [sql](sqlite::Connection& connection) -> Result<std::int64_t> {
      auto row = connection.query(sql);
      if (!row || !row->step()) return internal("count");
      return row->integer(0);
    };
    return wait(database_->read<std::int64_t>(Call{}, job)).value();
  }
  bool has_dropped(int mails) {
    return metrics_.expose().find("gatehouse_mail_dropped_total " + std::to_string(mails) + "\n") != std::string::npos;
  }

 private:
  int asked_ = 0;
};

TEST_F(QueueFairness, S22_whoever_asks_for_many_mails_holds_up_nobody_who_asks_for_one) {
  for (int i = 0; i < 20; ++i) ask("flood");
  send(5);
  const auto hers = ask("ada");
  send(2);
  EXPECT_EQ(std::ranges::count(outgoing_.ids, hers), 1) << "it went next, or next but one";
}

TEST_F(QueueFairness, of_each_origin_one_goes_in_turn_in_the_order_they_were_asked_for) {
  std::vector<std::string> wanted;
  for (int i = 0; i < 3; ++i) wanted.push_back(ask("a"));
  for (int i = 0; i < 3; ++i) wanted.push_back(ask("b"));
  send(6);
  EXPECT_EQ(outgoing_.ids, (std::vector{wanted[0], wanted[3], wanted[1], wanted[4], wanted[2], wanted[5]}));
}

TEST_F(QueueFairness, S22_a_full_queue_takes_the_mail_of_whoever_has_few_and_drops_one_of_whoever_has_most) {
  flood("verify");
  const auto hers = ask("ada");
  EXPECT_EQ(queued(), static_cast<std::int64_t>(mails_queued_max));
  EXPECT_TRUE(has_dropped(1)) << metrics_.expose();
  EXPECT_EQ(count("SELECT max(turn) FROM mail_queue"), static_cast<std::int64_t>(mails_queued_max) - 2) << "the newest one";
  send(2);
  EXPECT_EQ(outgoing_.ids, std::vector{hers});
}

TEST_F(QueueFairness, S18_a_full_queue_drops_decoys_before_anything_else_and_says_nothing_of_it) {
  flood("verify");
  ask("eve", "decoy");
  EXPECT_EQ(count("SELECT count(*) FROM mail_queue WHERE origin = 'flood'"), static_cast<std::int64_t>(mails_queued_max));
  EXPECT_EQ(queued(), static_cast<std::int64_t>(mails_queued_max));
  EXPECT_TRUE(has_dropped(0)) << metrics_.expose();
}

}  // namespace
}  // namespace gatehouse::notification
