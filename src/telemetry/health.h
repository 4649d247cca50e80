// Health: the named checks behind GET /health/ready. Filled while wiring, asked by the admin listener.
//
// A check is an asynchronous question to something this process cannot work without ("database"); it is ready when
// it answers without an error before the call's deadline. Liveness asks nobody and needs nothing from here.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "runtime/call.h"
#include "runtime/task.h"

namespace gatehouse::telemetry {

class Health {
 public:
  // Called on the asking shard. A plain function that returns the task of somebody else, not a capturing coroutine.
  using Check = std::function<Task<void>(Call)>;

  void add(std::string name, Check check) { checks_.push_back({std::move(name), std::move(check)}); }

  struct Answer {
    std::string name;
    bool is_ready = false;
  };
  struct Report {
    bool is_ready = false;
    std::vector<Answer> checks;
  };
  // Asks every check, one after another. Several checks of one name (a database per role) are one answer: ready when
  // all of them are. Not ready at all once draining.
  Async<Report> ask(Call call) const;

  // From now on not ready, so that a load balancer looks elsewhere while requests in flight end. Any thread.
  void start_draining() { is_draining_.store(true); }

 private:
  struct Named {
    std::string name;
    Check check;
  };
  std::vector<Named> checks_;
  std::atomic<bool> is_draining_{false};
};

}  // namespace gatehouse::telemetry
