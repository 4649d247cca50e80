#include "runtime/shard.h"

#include <pthread.h>

#include <string>

namespace gatehouse {

Shard::Shard(unsigned index) : index_(index), work_(asio::make_work_guard(io_)) {}

Shard::~Shard() { stop(); }

void Shard::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("shard-" + std::to_string(index_)).c_str());
    io_.run();
  });
}

void Shard::stop() {
  work_.reset();
  if (thread_.joinable()) thread_.join();
}

}  // namespace gatehouse
