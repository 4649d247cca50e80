#include "crypto/hash_arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "crypto/password_hash.h"

namespace gatehouse::crypto {
namespace {

constexpr Argon2Params kCheap{.memory_kib = 64, .passes = 2};

// Made with Debian's argon2 command from "correct horse" and "sixteenbytesalt!".
constexpr std::string_view kFullSize =
    "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$v1jcTHgi+GvfSHLCnx8x7+QpnDZ7XvK8361JUf38ttA";
constexpr std::string_view kSmall =
    "$argon2id$v=19$m=64,t=3,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$2GkcW/m+rcJcuKCwHRm1eIbFN9UeKlIet9lObeIT+rQ";

SecretString secret(std::string_view text) { return SecretString(std::string(text)); }

Match verified(std::string_view phc, std::string_view password) {
  const auto match = verify_password(phc, secret(password));
  EXPECT_TRUE(match);
  return match.value_or(Match::no);
}

// Each of these runs on a thread of its own, so that the arena dies with it.
template <class Work>
void on_a_thread(Work work) {
  std::thread(work).join();
}

TEST(HashArena, gives_the_same_result_as_fresh_memory) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(std::size_t{19'456} * 1024);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(verified(kFullSize, "correct horse"), Match::yes) << "after " << i << " other hashes";
      EXPECT_EQ(verified(kFullSize, "another"), Match::no);
    }
    const auto memory = HashArena::memory_on_this_thread();
    EXPECT_EQ(memory.served, 6U) << "libsodium no longer asks for memory in the way that the arena serves";
    EXPECT_EQ(memory.bytes, std::size_t{20} << 20);
    EXPECT_LE(memory.huge_bytes, memory.bytes);
  });
}

TEST(HashArena, smaller_hashes_are_served_and_larger_ones_go_to_the_kernel) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(1);
    EXPECT_EQ(verified(kSmall, "correct horse"), Match::yes);
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 1U);
    EXPECT_EQ(verified(kFullSize, "correct horse"), Match::yes);
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 1U);
    HashArena::reserve_on_this_thread(std::size_t{19'456} * 1024);
    EXPECT_EQ(verified(kFullSize, "correct horse"), Match::yes);
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 2U);
  });
}

TEST(HashArena, released_memory_is_gone_and_made_again_by_the_next_hash) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(std::size_t{2} << 20);
    SystemRandom random;
    ASSERT_TRUE(hash_password(secret("x"), kCheap, random));
    EXPECT_GT(HashArena::memory_on_this_thread().bytes, 0U);
    HashArena::release_on_this_thread();
    EXPECT_EQ(HashArena::memory_on_this_thread().bytes, 0U);
    HashArena::release_on_this_thread();
    ASSERT_TRUE(hash_password(secret("x"), kCheap, random));
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 2U);
    EXPECT_GT(HashArena::memory_on_this_thread().bytes, 0U);
  });
}

TEST(HashArena, belongs_to_its_thread_alone) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(std::size_t{2} << 20);
    SystemRandom random;
    on_a_thread([&random] {
      ASSERT_TRUE(hash_password(secret("x"), kCheap, random));
      EXPECT_EQ(HashArena::memory_on_this_thread().served, 0U);
    });
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 0U);
  });
}

TEST(HashArena, threads_hash_at_the_same_time_each_in_its_own) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      HashArena::reserve_on_this_thread(std::size_t{2} << 20);
      for (int n = 0; n < 50; ++n) EXPECT_EQ(verified(kSmall, "correct horse"), Match::yes);
      EXPECT_EQ(HashArena::memory_on_this_thread().served, 50U);
    });
  for (auto& thread : threads) thread.join();
}

TEST(HashArena, leaves_every_other_mapping_to_the_kernel) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(std::size_t{4} << 20);
    const auto kernel_s = [](int protection, int flags) {
      auto* const got = static_cast<char*>(::mmap(nullptr, 8192, protection, flags, -1, 0));
      ASSERT_NE(static_cast<void*>(got), MAP_FAILED);
      EXPECT_EQ(HashArena::memory_on_this_thread().served, 0U);
      EXPECT_EQ(::munmap(got, 8192), 0);
    };
    kernel_s(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    kernel_s(PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE);
    kernel_s(PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE);
    errno = 0;
    EXPECT_EQ(::mmap(nullptr, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(::munmap(reinterpret_cast<void*>(1), 4096), -1);
    EXPECT_EQ(errno, EINVAL);
  });
}

TEST(HashArena, ends_with_its_thread) {
  void* lent = nullptr;
  on_a_thread([&lent] {
    HashArena::reserve_on_this_thread(std::size_t{2} << 20);
    lent = ::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    EXPECT_EQ(::munmap(lent, 65536), 0);
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 1U);
  });
  unsigned char resident = 0;
  EXPECT_EQ(::mincore(lent, 4096, &resident), -1);
  EXPECT_EQ(errno, ENOMEM) << "still mapped";
}

TEST(HashArena, lends_its_memory_to_one_hash_at_a_time) {
  on_a_thread([] {
    HashArena::reserve_on_this_thread(std::size_t{2} << 20);
    const auto like_a_hash = [] {
      return ::mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    };
    void* const one = like_a_hash();
    void* const two = like_a_hash();
    EXPECT_NE(one, two);
    EXPECT_EQ(HashArena::memory_on_this_thread().served, 1U);
    EXPECT_EQ(::munmap(two, 65536), 0);
    EXPECT_EQ(::munmap(one, 65536), 0);
    EXPECT_EQ(like_a_hash(), one) << "the same memory again";
    EXPECT_EQ(::munmap(one, 65536), 0);
  });
}

}  // namespace
}  // namespace gatehouse::crypto
