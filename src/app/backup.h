// Backup: one consistent copy of every database, and of the keys that lie beside them, in a folder of its own. `gatehouse
// backup` asks for it. The work is done on a thread of its own: neither shards nor writers wait for the disk.
//
// Shard 0's thread, but for stop(), which any thread may call.
#pragma once

#include <stop_token>
#include <string>

#include "app/platform.h"
#include "runtime/cpu_pool.h"

namespace gatehouse::app {

class Backup {
 public:
  explicit Backup(Platform& platform) : platform_(platform), pool_({.name = "backup", .queue_max = 1}, platform.clock) {}

  // What was written, as JSON. FAILED_PRECONDITION backup_running | backup_folder_unusable. What a backup that fails had
  // written is removed.
  Task<std::string> write(std::string folder);
  // Ends the one that is being written; it fails.
  void stop() { stop_.request_stop(); }

 private:
  Platform& platform_;
  bool is_running_ = false;
  std::stop_source stop_;
  CpuPool pool_;
};

}  // namespace gatehouse::app
