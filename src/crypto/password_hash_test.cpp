#include "crypto/password_hash.h"

#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "crypto/phc.h"

namespace gatehouse::crypto {
namespace {

constexpr Argon2Params kCheap{.memory_kib = 64, .passes = 2};

SecretString secret(std::string_view text) { return SecretString(std::string(text)); }

Match verified(std::string_view phc, std::string_view password) {
  const auto match = verify_password(phc, secret(password));
  EXPECT_TRUE(match);
  return match.value_or(Match::no);
}

std::string reason_of(std::string_view phc) {
  const auto match = verify_password(phc, secret("correct horse"));
  if (match) return "verified";
  EXPECT_EQ(match.error().code, Code::failed_precondition);
  return match.error().reason;
}

// Made with Debian's argon2 command: printf 'correct horse' | argon2 'sixteenbytesalt!' -id -t 2 -k 19456 -p 1 -l 32 -e
constexpr std::string_view kForeign =
    "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$v1jcTHgi+GvfSHLCnx8x7+QpnDZ7XvK8361JUf38ttA";

TEST(PasswordHash, S7_agrees_with_the_reference_implementation) {
  for (const std::string_view phc :
       {kForeign,
        std::string_view(
            "$argon2id$v=19$m=64,t=3,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$2GkcW/m+rcJcuKCwHRm1eIbFN9UeKlIet9lObeIT+rQ"),
        std::string_view("$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$cNNf+7rhUk9k1lCc7zgz4w"),
        std::string_view("$argon2id$v=19$m=65,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$uM/"
                         "Q9lloHFn2F6y1Vl+9f2Us67B0ZiIlHUvLj3PPUDwXOCNCApG0y2mwOHP7vcxtR0ZykAKZasmV1YtE+IRJjw")}) {
    EXPECT_EQ(verified(phc, "correct horse"), Match::yes) << phc;
    EXPECT_EQ(verified(phc, "correct Horse"), Match::no) << phc;
  }
}

TEST(PasswordHash, S7_the_default_is_the_floor_with_a_16_octet_salt_and_a_32_octet_tag) {
  SystemRandom random;
  const auto phc = hash_password(secret("correct horse"), {}, random);
  ASSERT_TRUE(phc);
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << *phc;
  const auto parsed = parse_phc(*phc);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->salt.size(), 16U);
  EXPECT_EQ(parsed->tag.size(), 32U);
  EXPECT_EQ(verified(*phc, "correct horse"), Match::yes);
}

TEST(PasswordHash, S7_salts_are_distinct) {
  SystemRandom random;
  std::set<Bytes> salts;
  for (int i = 0; i < 200; ++i) salts.insert(parse_phc(hash_password(secret("same"), {8, 1}, random).value())->salt);
  EXPECT_EQ(salts.size(), 200U);
}

TEST(PasswordHash, S3_the_whole_password_counts_to_its_last_octet_with_nulls_spaces_and_case) {
  SystemRandom random;
  const std::string long_one(limits::password_bytes_max, 'x');
  const auto with_null = std::string("pw\0x", 4);
  for (const auto& password : {long_one, with_null, std::string("trailing "), std::string("Case"), std::string()}) {
    const auto phc = hash_password(secret(password), kCheap, random).value();
    EXPECT_EQ(verified(phc, password), Match::yes);
    EXPECT_EQ(verified(phc, password + ' '), Match::no);
    if (password.empty()) continue;
    auto other = password;
    other.back() = static_cast<char>(other.back() ^ 1);
    EXPECT_EQ(verified(phc, other), Match::no);
    EXPECT_EQ(verified(phc, password.substr(0, password.size() - 1)), Match::no);
  }
  const auto phc = hash_password(secret("Case"), kCheap, random).value();
  EXPECT_EQ(verified(phc, "case"), Match::no);
  EXPECT_EQ(verified("$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$/c47v4L7Fhp0f42qlR/STz9DT3yrKUSeAq9UUPu+DG4",
                     std::string_view("a\0b", 3)),
            Match::yes)
      << "as the reference implementation hashes it";
}

TEST(PasswordHash, S2_a_password_beyond_the_limit_is_refused_before_any_work) {
  SystemRandom random;
  const std::string huge(limits::password_bytes_max + 1, 'x');
  const auto phc = hash_password(secret(huge), {}, random);
  ASSERT_FALSE(phc);
  EXPECT_EQ(phc.error().reason, "password_too_long");
  EXPECT_EQ(verified(kForeign, huge), Match::no);
}

TEST(PasswordHash, S9_a_stored_hash_above_the_ceiling_is_refused_before_any_work) {
  const SystemClock clock;
  const auto started = clock.steady();
  for (const auto* cost : {"m=4194304,t=2", "m=524289,t=1", "m=64,t=17", "m=4294967295,t=4294967295"})
    EXPECT_EQ(reason_of(std::string("$argon2id$v=19$") + cost + ",p=1$c2l4dGVlbmJ5dGVzYWx0IQ$cNNf+7rhUk9k1lCc7zgz4w"),
              "hash_too_costly")
        << cost;
  EXPECT_LT(clock.steady() - started, Milliseconds(500));
  SystemRandom random;
  EXPECT_EQ(hash_password(secret("x"), {limits::argon2_memory_kib_max + 1, 1}, random).error().reason,
            "hash_too_costly");
}

// What makes a good string another one's, or nobody's.
constexpr std::pair<const char*, const char*> kForeignForms[] = {{"argon2id", "argon2i"},
                                                                 {"argon2id", "argon2d"},
                                                                 {"argon2id", "bcrypt"},
                                                                 {"v=19", "v=16"},
                                                                 {"v=19$", ""},
                                                                 {"m=64", "m=064"},
                                                                 {"m=64", "m=+64"},
                                                                 {"m=64", "m=7"},
                                                                 {"m=64", "m=0"},
                                                                 {"m=64", "m= 64"},
                                                                 {"m=64", "m=4294967296"},
                                                                 {"m=64", "m="},
                                                                 {"m=64", "m=-1"},
                                                                 {"t=2", "t=0"},
                                                                 {"t=2", "t=02"},
                                                                 {"p=1", "p=2"},
                                                                 {"p=1", "p=01"},
                                                                 {"p=1", "p=1,x=1"},
                                                                 {"m=64,t=2", "t=2,m=64"},
                                                                 {"IQ$/c4", "IR$/c4"},
                                                                 {"IQ$/c4", "IQ==$/c4"},
                                                                 {"IQ$/c4", "$/c4"},
                                                                 {"DG4", "DG5"},
                                                                 {"DG4", "DG4="},
                                                                 {"DG4", "DG4\n"},
                                                                 {"DG4", "DG4$"},
                                                                 {"/c47", "_c47"},
                                                                 {"$argon2id", "argon2id"},
                                                                 {"c2l4dGVlbmJ5dGVzYWx0IQ", "c2l4dGVlbiBieXRlIHNhbHQ"}};

TEST(PasswordHash, S9_what_is_not_one_of_ours_is_unsupported) {
  const std::string good =
      "$argon2id$v=19$m=64,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$/c47v4L7Fhp0f42qlR/STz9DT3yrKUSeAq9UUPu+DG4";
  EXPECT_EQ(reason_of(good), "verified");
  for (const auto& [from, to] : kForeignForms) {
    auto changed = good;
    changed.replace(changed.find(from), std::string_view(from).size(), to);
    EXPECT_EQ(reason_of(changed), "hash_unsupported") << changed;
  }
  for (const auto& text : {std::string(), std::string("$"), good + std::string(300, 'A'), good + std::string(1, '\0'),
                           std::string("$2b$12$abcdefghijklmnopqrstuv")})
    EXPECT_EQ(reason_of(text), "hash_unsupported") << text;
  for (std::size_t size = 0; size + 24 < good.size(); ++size)
    EXPECT_EQ(reason_of(good.substr(0, size)), "hash_unsupported");
}

TEST(PasswordHash, S8_needs_a_new_one_when_its_parameters_are_not_today_s) {
  EXPECT_FALSE(needs_rehash(kForeign, {}));
  EXPECT_TRUE(needs_rehash(kForeign, {.memory_kib = 19'456, .passes = 3}));
  EXPECT_TRUE(needs_rehash(kForeign, {.memory_kib = 32'768, .passes = 2}));
  EXPECT_TRUE(needs_rehash("$argon2id$v=19$m=8,t=1,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$cNNf+7rhUk9k1lCc7zgz4w", {8, 1}))
      << "short tag";
  EXPECT_TRUE(needs_rehash("$2b$12$abcdefghijklmnopqrstuv", {}));
}

TEST(PasswordHash, S17_the_dummy_costs_the_same_and_matches_nothing) {
  SystemRandom random;
  const auto dummy = dummy_hash(kCheap, random);
  EXPECT_FALSE(needs_rehash(dummy, kCheap));
  EXPECT_EQ(verified(dummy, ""), Match::no);
  EXPECT_EQ(verified(dummy, "password"), Match::no);
  EXPECT_NE(dummy, dummy_hash(kCheap, random));
}

TEST(Match, is_no_by_default) { EXPECT_EQ(Match{}, Match::no); }

TEST(Phc, formats_back_to_the_text_it_was_parsed_from) {
  const auto parsed = parse_phc(kForeign);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(format_phc(*parsed), kForeign);
}

}  // namespace
}  // namespace gatehouse::crypto
