// What a database is made of: its queues, its threads and what it was opened with.
#pragma once

#include <thread>
#include <vector>

#include "drivers/sqlite/job_queue.h"
#include "drivers/sqlite/writer.h"

namespace gatehouse::sqlite {

struct Database::Threads {
  Threads(DatabaseOptions opened, std::unique_ptr<Connection> connection, const Clock& the_clock)
      : options(std::move(opened)),
        name(options.file.stem().string()),
        clock(the_clock),
        writer(std::move(connection), name, the_clock) {}

  void start(std::vector<std::unique_ptr<Connection>> connections);
  void write_loop();
  void read_loop(std::unique_ptr<Connection> connection);
  void read_batch(Connection& connection, std::vector<Queue::Item>& batch);

  const DatabaseOptions options;
  const std::string name;
  const Clock& clock;
  Queue write_queue, read_queue;
  Writer writer;
  std::atomic<std::uint64_t> reads{0};
  std::thread write_thread;
  std::vector<std::thread> read_threads;
  std::size_t readers = 1;
};

}  // namespace gatehouse::sqlite
