#include "notification/wire.h"

#include "notification/adapters/mail_outgoing.h"
#include "notification/adapters/sqlite_store.h"
#include "notification/dispatcher.h"
#include "notification/mail_consumer.h"

namespace gatehouse::notification {
namespace {

// The handler together with the store it uses.
class WiredConsumer final : public events::Handler {
 public:
  explicit WiredConsumer(const Parts& parts)
      : store_(make_sqlite_store(parts.database)),
        consumer_({*store_, parts.identity, parts.config.product_name, parts.clock, parts.random, parts.metrics}) {}
  Task<void> handle(Call call, events::Event event) override { return consumer_.handle(call, std::move(event)); }

 private:
  std::unique_ptr<MailStore> store_;
  MailConsumer consumer_;
};

Async<void> dispatch(Parts parts) {
  const auto store = make_sqlite_store(parts.database);
  MailOutgoing outgoing(parts.sender, parts.config.from);
  const Dispatcher::Needs needs{*store, outgoing, parts.identity, parts.clock, parts.random, parts.metrics};
  Dispatcher dispatcher(needs);
  co_await dispatcher.run();
}

}  // namespace

std::unique_ptr<events::Handler> make_mail_consumer(const Parts& parts) { return std::make_unique<WiredConsumer>(parts); }

Async<void> send_queued_mail(const Parts& parts) { return dispatch(parts); }

}  // namespace gatehouse::notification
