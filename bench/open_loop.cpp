// An open-loop load generator for latencies: sends one GET every 1/rate seconds whatever the answers do, and measures each from the
// moment it was due (a closed loop would send less while the server stalls, and hide the stall). One thread, epoll; with
// real-time priority where that is allowed, for it stands for clients on other machines.
//
//   open_loop PORT PATH TOKEN RATE SECONDS [CONNECTIONS]   → one line of JSON, latencies in microseconds
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::nanoseconds;

constexpr std::size_t response_bytes_max = 64 * 1024;

struct Options {
  std::uint16_t port = 0;
  std::string path, token;
  double rate = 0, seconds = 0;
  std::size_t connections = 64;
};

struct Connection {
  int socket = -1;
  bool is_busy = false;
  Time due;
  std::string received;
};

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) give_up("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

// The length of the first whole response in `received`, 0 when it is not whole yet.
std::size_t response_length(std::string_view received) {
  const auto end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  std::string header(received.substr(0, end));
  std::ranges::transform(header, header.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto at = header.find("content-length:");
  std::size_t length = 0;
  if (at != std::string::npos) {
    const auto value = header.find_first_not_of(' ', at + 15);
    std::from_chars(header.data() + value, header.data() + header.size(), length);
  }
  const auto whole = end + 4 + length;
  return received.size() >= whole ? whole : 0;
}

class Generator {
 public:
  explicit Generator(Options options) : options_(std::move(options)), connections_(options_.connections) {
    request_ = "GET " + options_.path + " HTTP/1.1\r\nHost: localhost\r\n";
    if (!options_.token.empty()) request_ += "Authorization: Bearer " + options_.token + "\r\n";
    request_ += "\r\n";
    epoll_ = ::epoll_create1(0);
    timer_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(timer_, options_.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].socket = connect_to(options_.port);
      watch(connections_[i].socket, i);
      idle_.push_back(i);
    }
  }

  void run() {
    const auto count = static_cast<std::size_t>(options_.rate * options_.seconds);
    const nanoseconds period{static_cast<std::int64_t>(1e9 / options_.rate)};
    latencies_.reserve(count);
    const auto start = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    const auto last = start + period * static_cast<std::int64_t>(count) + std::chrono::seconds(5);
    arm(start, period);
    while (latencies_.size() + failed_ < count && std::chrono::steady_clock::now() < last) {
      wait();
      const auto now = std::chrono::steady_clock::now();
      while (scheduled_ < count && start + period * static_cast<std::int64_t>(scheduled_) <= now)
        waiting_.push_back(start + period * static_cast<std::int64_t>(scheduled_++));
      while (!waiting_.empty() && !idle_.empty()) send_next();
    }
    report(count);
  }

 private:
  void watch(int fd, std::size_t index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
  }

  void arm(Time start, nanoseconds period) {
    itimerspec spec{};
    spec.it_interval.tv_nsec = std::min<std::int64_t>(period.count(), 999'999'999);
    const auto first = start.time_since_epoch().count();
    spec.it_value.tv_sec = first / 1'000'000'000;
    spec.it_value.tv_nsec = first % 1'000'000'000;
    if (::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr) != 0) give_up("timerfd_settime");
  }

  void wait() {
    epoll_event events[64];
    const int ready = ::epoll_wait(epoll_, events, 64, 100);
    for (int i = 0; i < ready; ++i) {
      const auto index = events[i].data.u64;
      if (index < connections_.size()) {
        receive(index);
        continue;
      }
      std::uint64_t ticks = 0;
      if (::read(timer_, &ticks, sizeof ticks) < 0 && errno != EAGAIN) give_up("timerfd");
    }
  }

  void send_next() {
    const auto index = idle_.front();
    idle_.pop_front();
    auto& connection = connections_[index];
    connection.due = waiting_.front();
    waiting_.pop_front();
    connection.is_busy = true;
    if (::send(connection.socket, request_.data(), request_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request_.size())) give_up("send");
  }

  void receive(std::size_t index) {
    auto& connection = connections_[index];
    char buffer[16 * 1024];
    const auto got = ::recv(connection.socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) give_up("the server closed a connection");
    connection.received.append(buffer, static_cast<std::size_t>(got));
    if (connection.received.size() > response_bytes_max) give_up("a response is too large");
    const auto length = response_length(connection.received);
    if (length == 0 || !connection.is_busy) return;
    const bool is_good = connection.received.compare(9, 3, "200") == 0;
    if (is_good) latencies_.push_back(std::chrono::steady_clock::now() - connection.due);
    failed_ += !is_good;
    connection.received.erase(0, length);
    connection.is_busy = false;
    idle_.push_back(index);
  }

  [[nodiscard]] double percentile_us(double share) const {
    if (latencies_.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(latencies_.size() - 1));
    return static_cast<double>(latencies_[index].count()) / 1000;
  }

  void report(std::size_t count) {
    std::ranges::sort(latencies_);
    std::printf("{\"due\":%zu,\"answered\":%zu,\"failed\":%zu,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f}\n", count,
                latencies_.size(), failed_, percentile_us(0.5), percentile_us(0.9), percentile_us(0.99), percentile_us(0.999), percentile_us(1));
  }

  Options options_;
  std::vector<Connection> connections_;
  std::string request_;
  int epoll_ = -1, timer_ = -1;
  std::deque<std::size_t> idle_;
  std::deque<Time> waiting_;  // due, and no connection was free
  std::vector<nanoseconds> latencies_;
  std::size_t scheduled_ = 0, failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: open_loop PORT PATH TOKEN RATE SECONDS [CONNECTIONS]\n", stderr);
    return 2;
  }
  Options options{.port = static_cast<std::uint16_t>(std::atoi(argv[1])),
                  .path = argv[2],
                  .token = argv[3],
                  .rate = std::atof(argv[4]),
                  .seconds = std::atof(argv[5])};
  if (argc > 6) options.connections = static_cast<std::size_t>(std::atoi(argv[6]));
  const sched_param priority{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_FIFO, &priority) != 0) std::fputs("open_loop: no real-time priority\n", stderr);
  Generator(std::move(options)).run();
  return 0;
}
