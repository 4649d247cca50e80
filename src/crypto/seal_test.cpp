#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/master_key.h"

namespace gatehouse::crypto {
namespace {

namespace fs = std::filesystem;

Bytes from_hex(std::string_view hex) {
  Bytes out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

SecretKey key_of(std::uint8_t octet) {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(octet);
  return SecretKey(bytes);
}

std::string hex_of(const Digest& digest) { return to_hex(as_view(digest)); }

TEST(Sha256, agrees_with_FIPS_180) {
  EXPECT_EQ(hex_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, agrees_with_RFC_4231_whose_short_keys_are_padded_with_zeros) {
  std::array<std::uint8_t, 32> jefe{'J', 'e', 'f', 'e'};
  EXPECT_EQ(hex_of(hmac_sha256(SecretKey(jefe), "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(HkdfSha256, agrees_with_RFC_5869_test_case_3) {
  const auto derived = hkdf_sha256(std::string(22, '\x0b'), "");
  EXPECT_EQ(to_hex(as_view(derived.reveal())), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST(HkdfSha256, gives_one_key_per_purpose) {
  const auto a = hkdf_sha256("secret", "a"), b = hkdf_sha256("secret", "b"), again = hkdf_sha256("secret", "a");
  EXPECT_EQ(a.reveal(), again.reveal());
  EXPECT_NE(a.reveal(), b.reveal());
}

TEST(SealedBox, opens_to_what_was_sealed) {
  SystemRandom random;
  const auto key = key_of(7);
  for (const auto& text : {std::string(), std::string("x"), std::string("\0\1\2", 3), std::string(100'000, 'y')}) {
    const auto box = seal(key, text, "purpose", random);
    EXPECT_EQ(box.size(), text.size() + 29);
    const auto opened = open(key, box, "purpose");
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->reveal(), text);
  }
}

TEST(SealedBox, agrees_with_AES_256_GCM_of_another_implementation) {
  // python3-cryptography: AESGCM(bytes(range(32))).encrypt(bytes(range(12)), b"attack at dawn", b"\x01" + b"event-1")
  std::array<std::uint8_t, 32> bytes{};
  for (std::uint8_t i = 0; i < 32; ++i) bytes[i] = i;
  const auto opened = open(SecretKey(bytes),
                           from_hex("01"
                                    "000102030405060708090a0b"
                                    "2676a27aa68ee27af961f3eac687c63f6b8f5504a576898e7db40e1563a3"),
                           "event-1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "attack at dawn");
}

TEST(SealedBox, is_different_each_time) {
  SystemRandom random;
  const auto key = key_of(7);
  std::set<Bytes> boxes;
  for (int i = 0; i < 1000; ++i) boxes.insert(seal(key, "same", "", random).substr(1, 12));
  EXPECT_EQ(boxes.size(), 1000U);
}

TEST(SealedBox, does_not_open_when_any_bit_is_changed_or_any_octet_is_cut) {
  SystemRandom random;
  const auto key = key_of(7);
  const auto box = seal(key, "plaintext", "purpose", random);
  for (std::size_t bit = 0; bit < box.size() * 8; ++bit) {
    auto changed = box;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    const auto opened = open(key, changed, "purpose");
    ASSERT_FALSE(opened) << "bit " << bit;
    EXPECT_EQ(opened.error().code, Code::data_loss);
    EXPECT_EQ(opened.error().reason, "sealed_box_broken");
  }
  for (std::size_t size = 0; size < box.size(); ++size) EXPECT_FALSE(open(key, box.substr(0, size), "purpose"));
  EXPECT_FALSE(open(key, box + '\0', "purpose"));
}

TEST(SealedBox, does_not_open_under_another_key_or_for_another_purpose) {
  SystemRandom random;
  const auto box = seal(key_of(7), "plaintext", "purpose", random);
  EXPECT_FALSE(open(key_of(8), box, "purpose"));
  EXPECT_FALSE(open(key_of(7), box, "purpose2"));
  EXPECT_FALSE(open(key_of(7), box, ""));
}

TEST(SealedBox, treats_an_empty_view_as_an_empty_text) {
  SystemRandom random;
  const auto opened = open(key_of(7), seal(key_of(7), {}, {}, random), "");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->reveal(), "");
  EXPECT_EQ(sha256({}), sha256(""));
  EXPECT_EQ(hmac_sha256(key_of(7), {}), hmac_sha256(key_of(7), ""));
}

class MasterKeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("gatehouse-master-key-" + to_hex(as_view(random_suffix())));
    file_ = folder_ / "keys" / "master.key";
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::array<std::uint8_t, 8> random_suffix() {
    std::array<std::uint8_t, 8> suffix{};
    random_.fill(suffix);
    return suffix;
  }
  std::string reason() {
    const auto loaded = MasterKey::load_or_create(file_, random_);
    if (loaded) return "loaded";
    EXPECT_EQ(loaded.error().code, Code::failed_precondition);
    EXPECT_NE(loaded.error().message.find(file_.string()), std::string::npos);
    return loaded.error().reason;
  }
  void write(std::string_view bytes, fs::perms mode) {
    fs::create_directories(file_.parent_path());
    std::ofstream(file_, std::ios::binary) << bytes;
    fs::permissions(file_, mode);
  }
  SystemRandom random_;
  fs::path folder_, file_;
};

TEST_F(MasterKeyFile, is_made_on_first_start_readable_by_its_owner_only_and_found_again) {
  const auto made = MasterKey::load_or_create(file_, random_);
  ASSERT_TRUE(made) << made.error().message;
  struct stat about{};
  ASSERT_EQ(::stat(file_.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  EXPECT_EQ(about.st_size, 32);
  EXPECT_EQ(fs::status(file_.parent_path()).permissions(), fs::perms::owner_all);
  const auto found = MasterKey::load_or_create(file_, random_);
  ASSERT_TRUE(found);
  EXPECT_EQ(made->derive("p").reveal(), found->derive("p").reveal());
  EXPECT_NE(made->derive("p").reveal(), found->derive("q").reveal());
  EXPECT_EQ(std::distance(fs::directory_iterator(file_.parent_path()), fs::directory_iterator{}), 1) << "no litter";
}

TEST_F(MasterKeyFile, of_one_folder_differs_from_another_s) {
  const auto one = MasterKey::load_or_create(folder_ / "a.key", random_);
  const auto two = MasterKey::load_or_create(folder_ / "b.key", random_);
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->derive("p").reveal(), two->derive("p").reveal());
}

TEST_F(MasterKeyFile, S108_that_others_may_read_is_refused) {
  write(std::string(32, 'k'), fs::perms::owner_read | fs::perms::owner_write | fs::perms::others_read);
  EXPECT_EQ(reason(), "master_key_exposed");
  fs::permissions(file_, fs::perms::owner_read | fs::perms::group_read);
  EXPECT_EQ(reason(), "master_key_exposed");
  fs::permissions(file_, fs::perms::owner_read);
  EXPECT_EQ(reason(), "loaded");
}

TEST_F(MasterKeyFile, of_another_size_is_malformed_and_is_left_alone) {
  for (const std::size_t size : {0, 31, 33, 4096}) {
    write(std::string(size, 'k'), fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(reason(), "master_key_malformed");
    EXPECT_EQ(fs::file_size(file_), size);
  }
}

TEST_F(MasterKeyFile, that_is_no_file_is_refused_without_waiting_for_it) {
  fs::create_directories(file_);
  EXPECT_EQ(reason(), "master_key_malformed");
  fs::remove(file_);
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_EQ(reason(), "master_key_malformed");
}

TEST_F(MasterKeyFile, in_a_place_that_cannot_be_written_says_so) {
  file_ = folder_ / "missing" / "deeper" / "master.key";
  EXPECT_EQ(reason(), "master_key_unreadable");
}

}  // namespace
}  // namespace gatehouse::crypto
