#include "http/server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <utility>

#include "http/connection.h"
#include "http/server_context.h"
#include "http/socket_address.h"
#include "runtime/scope.h"
#include "runtime/timer.h"
#include "telemetry/log.h"

namespace gatehouse::http {
namespace {

constexpr int accepts_per_wakeup_max = 128;   // then the other sockets have their turn
constexpr std::size_t evict_scan_max = 256;   // how many connections are looked at to find the longest idle one
constexpr Milliseconds exhausted_pause{50};   // out of descriptors: let some be closed before trying again

constexpr std::string_view turned_away =
    "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: 97\r\n"
    "retry-after: 1\r\nconnection: close\r\n\r\n"
    R"({"type":"about:blank","title":"Service Unavailable","status":503,"code":"too_many_connections"})" "\r\n";

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

struct Server::State {
  State(Shard& owner, Listener bound, Handler& handler, const ServerLimits& server_limits, telemetry::Metrics& metrics)
      : shard(owner), listener(std::move(bound)), context(handler, server_limits, metrics), acceptor(owner.executor()),
        accepting(owner.executor()), serving(owner.executor()), sweeping(owner.executor()), spare(open_spare()) {}
  ~State() {
    if (spare >= 0) ::close(spare);
  }

  enum class Accepted : std::uint8_t { all, exhausted };

  Async<void> accept_loop();
  Async<void> sweep_loop();
  [[nodiscard]] Accepted accept_ready();
  void admit(int descriptor, const SocketAddress& peer);
  bool evict_one();
  void shed_one();
  void sweep();
  void cut_all();
  void stop_listening();

  Shard& shard;
  Listener listener;
  ServerContext context;
  asio::posix::basic_stream_descriptor<Executor> acceptor;
  Scope accepting, serving, sweeping;
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections;
  SteadyTime cut_at = SteadyTime::max();
  bool has_cut = false;
  std::string socket_path;
  int spare;  // given up when descriptors run out, to accept one more connection and close it
};

Async<void> Server::State::accept_loop() {
  while (true) {
    auto waiting = acceptor.async_wait(acceptor.wait_read, asio::as_tuple(use_async));
    const auto [error] = co_await std::move(waiting);
    if (error) co_return;
    if (accept_ready() == Accepted::all) continue;
    const bool goes_on = co_await sleep_for(exhausted_pause);
    if (!goes_on) co_return;
  }
}

Server::State::Accepted Server::State::accept_ready() {
  for (int i = 0; i < accepts_per_wakeup_max; ++i) {
    SocketAddress peer;
    socklen_t size = peer.size();
    const int descriptor = ::accept4(acceptor.native_handle(), peer.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      admit(descriptor, peer);
      continue;
    }
    switch (errno) {
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM: shed_one(); return Accepted::exhausted;
      case EAGAIN: return Accepted::all;
      default: break;  // the connection is gone already: the next one
    }
  }
  return Accepted::all;
}

void Server::State::admit(int descriptor, const SocketAddress& peer) {
  if (context.connections >= context.limits.connections_max && !evict_one()) {
    context.stats.count_turned_away();
    [[maybe_unused]] const auto sent = ::send(descriptor, turned_away.data(), turned_away.size(), MSG_NOSIGNAL);
    ::close(descriptor);
    return;
  }
  Socket socket(shard.executor());
  boost::system::error_code error;
  socket.assign(asio::generic::stream_protocol(peer.family(), 0), descriptor, error);
  if (error) {
    ::close(descriptor);
    return;
  }
  auto connection = std::make_unique<Connection>(context, std::move(socket), peer.host());
  connections.push_back(*connection);
  serving.spawn_with([&](asio::cancellation_signal& ending) {
    connection->ended_by(ending);
    return Connection::run(std::move(connection));
  });
}

// Closes the longest idle connection among the oldest ones. Those looked at go to the end of the list, so that
// the next search looks at others.
bool Server::State::evict_one() {
  Connection* oldest = nullptr;
  std::size_t left = std::min(evict_scan_max, context.connections);
  for (auto at = connections.begin(); left > 0 && at != connections.end(); --left) {
    auto& candidate = *at;
    ++at;
    connections.splice(connections.end(), connections, connections.iterator_to(candidate));
    if (!candidate.is_evictable()) continue;
    const bool is_older = oldest == nullptr || static_cast<std::int32_t>(candidate.phase_began_ms() - oldest->phase_began_ms()) < 0;
    if (is_older) oldest = &candidate;
  }
  if (oldest == nullptr) return false;
  context.stats.count_turned_away();
  oldest->evict();
  return true;
}

// Out of descriptors: the connection at the head of the queue is accepted with the spare one and closed, so that its
// client knows; without this the queue would stay readable and the loop would spin.
void Server::State::shed_one() {
  evict_one();
  if (spare >= 0) ::close(spare);
  const int descriptor = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    [[maybe_unused]] const auto sent = ::send(descriptor, turned_away.data(), turned_away.size(), MSG_NOSIGNAL);
    ::close(descriptor);
    context.stats.count_turned_away();
  }
  spare = open_spare();
}

Async<void> Server::State::sweep_loop() {
  while (true) {
    const bool goes_on = co_await sleep_for(Milliseconds{context.sweep_ms});
    if (!goes_on) co_return;
    sweep();
  }
}

void Server::State::sweep() {
  context.refresh();
  for (auto at = connections.begin(); at != connections.end();) {
    auto& connection = *at++;  // its sweep may be its end
    connection.sweep();
  }
  context.stats.fold(context.connections);
  if (context.is_draining && context.clock.steady() >= cut_at) cut_all();
}

void Server::State::cut_all() {
  if (!std::exchange(has_cut, true) && context.connections > 0)
    log::warn("connections were cut at the end of the drain",
              {{"connections", static_cast<std::int64_t>(context.connections)}});
  for (auto& connection : connections) connection.cut();
  serving.cancel_all();
}

void Server::State::stop_listening() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
  if (!socket_path.empty()) ::unlink(socket_path.c_str());
  socket_path.clear();
}

Server::Server(Shard& shard, Listener listener, Handler& handler, ServerLimits limits, telemetry::Metrics& metrics)
    : state_(std::make_unique<State>(shard, std::move(listener), handler, limits, metrics)) {}

Server::~Server() = default;

void Server::start() {
  auto& state = *state_;
  const int descriptor = state.listener.release();
  state.socket_path = SocketAddress::local(descriptor).path();
  state.acceptor.assign(descriptor);
  state.accepting.spawn(state.accept_loop());
  state.sweeping.spawn(state.sweep_loop());
}

Async<void> Server::drain(Milliseconds timeout) {
  auto& state = *state_;
  const bool is_first = !std::exchange(state.context.is_draining, true);
  if (is_first) {
    state.cut_at = state.context.clock.steady() + timeout;
    co_await state.accepting.close();
    if (state.acceptor.is_open()) {
      // Those who were in the kernel's queue are served too: closing it would reset them.
      [[maybe_unused]] const auto last = state.accept_ready();
      state.stop_listening();
    }
    for (auto& connection : state.connections) connection.stop_waiting();
  }
  co_await state.serving.close(Scope::Stop::wait);
  co_await state.sweeping.close();
  state.context.stats.fold(state.context.connections);
}

std::size_t Server::connections() const { return state_->context.connections; }

}  // namespace gatehouse::http
