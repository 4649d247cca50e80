// What a kept huge-page arena is worth: one Argon2id hash in the server ÷ one plain crypto_pwhash_argon2id of the
// same parameters, taken in turns so that both see the same machine. The bar is 0.75.
#include <benchmark/benchmark.h>
#include <sodium.h>

#include <thread>

#include "crypto/hash_arena.h"
#include "crypto/password_hash.h"

namespace {

using namespace gatehouse;
using Seconds = std::chrono::duration<double>;

constexpr crypto::Argon2Params kParams;

void plain_hash() {
  unsigned char tag[32];
  constexpr unsigned char salt[crypto_pwhash_argon2id_SALTBYTES] = {1, 2, 3};
  const int failed =
      crypto_pwhash_argon2id(tag, sizeof tag, "correct horse", 13, salt, kParams.passes,
                             std::size_t{kParams.memory_kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (failed != 0) std::abort();
  benchmark::DoNotOptimize(tag);
}

void server_hash(const std::string& phc, const SecretString& password) {
  crypto::HashArena::reserve_on_this_thread(std::size_t{kParams.memory_kib} * 1024);
  if (!crypto::verify_password(phc, password)) std::abort();
}

template <class Work>
Seconds time_of(Work work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::steady_clock::now() - started;
}

// The plain hash runs on a thread without an arena, as it would in a program that only calls libsodium.
void hash_in_server_to_plain(benchmark::State& state) {
  SystemRandom random;
  if (sodium_init() < 0) std::abort();
  const auto phc = crypto::dummy_hash(kParams, random);
  const SecretString password(std::string("correct horse"));
  server_hash(phc, password);
  Seconds plain{}, server{};
  for (auto _ : state) {
    std::thread([&plain] { plain += time_of(plain_hash); }).join();
    const auto took = time_of([&] { server_hash(phc, password); });
    server += took;
    state.SetIterationTime(took.count());
  }
  const auto memory = crypto::HashArena::memory_on_this_thread();
  state.counters["plain_ms"] = plain.count() * 1000 / static_cast<double>(state.iterations());
  state.counters["server_ms"] = server.count() * 1000 / static_cast<double>(state.iterations());
  state.counters["ratio"] = server / plain;
  state.counters["huge_page_share"] = static_cast<double>(memory.huge_bytes) / static_cast<double>(memory.bytes);
}
BENCHMARK(hash_in_server_to_plain)->UseManualTime()->Unit(benchmark::kMillisecond)->MinTime(2);

}  // namespace

BENCHMARK_MAIN();
