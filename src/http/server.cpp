#include "http/server.h"

#include <fcntl.h>
#include <malloc.h>
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
constexpr std::size_t evict_scan_max = 256;   // how many connections are looked at to find the one to close
constexpr std::size_t trim_bytes_min = 1 << 20;
constexpr Milliseconds exhausted_pause{50};   // out of descriptors: let some be closed before trying again

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
  [[nodiscard]] bool has_room_for(std::string_view source);
  bool evict_one(std::string_view source);
  void turn_away(int descriptor);
  void shed_one();
  void sweep();
  void give_back_memory();
  void cut_all();
  void stop_listening();

  Shard& shard;
  Listener listener;
  ServerContext context;
  asio::posix::basic_stream_descriptor<Executor> acceptor;
  Scope accepting, serving, sweeping;
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections;
  std::size_t bytes_peak = 0;  // since memory was last given back
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
  const auto peer_name = peer.host();
  const auto source = context.handler.source_of(peer_name);
  if (!has_room_for(source)) return turn_away(descriptor);
  Socket socket(shard.executor());
  boost::system::error_code error;
  socket.assign(asio::generic::stream_protocol(peer.family(), 0), descriptor, error);
  if (error) {
    ::close(descriptor);
    return;
  }
  auto connection = std::make_unique<Connection>(context, std::move(socket), peer_name, source);
  connections.push_back(*connection);
  serving.spawn_with([&](asio::cancellation_signal& ending) {
    connection->ended_by(ending);
    return Connection::run(std::move(connection));
  });
}

bool Server::State::has_room_for(std::string_view source) {
  const auto& limits = context.limits;
  const bool has_all_it_may = !source.empty() && context.sources.of(source) >= limits.connections_per_source_max;
  if (has_all_it_may && !evict_one(source)) return false;
  return context.connections < limits.connections_max || evict_one({});
}

// Closes the connection (of `source`, unless that is empty) that has been idle or slow for the longest, among the oldest
// ones. Those looked at go to the end of the list, so that the next search looks at others.
bool Server::State::evict_one(std::string_view source) {
  Connection* oldest = nullptr;
  std::size_t left = std::min(evict_scan_max, context.connections);
  for (auto at = connections.begin(); left > 0 && at != connections.end(); --left) {
    auto& candidate = *at;
    ++at;
    connections.splice(connections.end(), connections, connections.iterator_to(candidate));
    if (!candidate.is_evictable() || (!source.empty() && candidate.source() != source)) continue;
    const bool is_older = oldest == nullptr || static_cast<std::int32_t>(candidate.phase_began_ms() - oldest->phase_began_ms()) < 0;
    if (is_older) oldest = &candidate;
  }
  if (oldest == nullptr) return false;
  context.stats.count_turned_away();
  oldest->evict();
  return true;
}

void Server::State::turn_away(int descriptor) {
  context.stats.count_turned_away();
  const auto response = context.handler.refuse({503, "too_many_connections"}, nullptr);
  WriteBuffer out;
  if (append_response(out, response, response.body, {.keeps_alive = false}, context.common)) {
    [[maybe_unused]] const auto sent = ::send(descriptor, out.view().data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  ::close(descriptor);
}

// Out of descriptors: the connection at the head of the queue is accepted with the spare one and closed, so that its
// client knows; without this the queue would stay readable and the loop would spin.
void Server::State::shed_one() {
  evict_one({});
  if (spare >= 0) ::close(spare);
  const int descriptor = ::accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) turn_away(descriptor);
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
  give_back_memory();
  if (context.is_draining && context.clock.steady() >= cut_at) cut_all();
}

// The allocator keeps what a flood of connections took; when they have gone, the rest of the machine gets it back.
void Server::State::give_back_memory() {
  const std::size_t bytes = context.connections * limits::read_buffer_bytes + context.held_bytes;
  bytes_peak = std::max(bytes_peak, bytes);
  if (bytes_peak < 2 * bytes || bytes_peak - bytes < trim_bytes_min) return;
  bytes_peak = bytes;
  ::malloc_trim(0);
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
  if (!state.listener.leaves_file()) state.socket_path = SocketAddress::local(descriptor).path();
  state.acceptor.assign(descriptor);
  state.accepting.spawn(state.accept_loop());
  state.sweeping.spawn(state.sweep_loop());
}

void Server::close_after_answers() { state_->context.keeps_alive = false; }

Async<void> Server::drain(Milliseconds timeout) {
  auto& state = *state_;
  close_after_answers();
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
