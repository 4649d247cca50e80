#include "crypto/aead.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "base/ensure.h"

namespace gatehouse::crypto {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kNonceBytes = 12, kTagBytes = 16, kOverheadBytes = 1 + kNonceBytes + kTagBytes;

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // wipes the key schedule
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

const EVP_CIPHER* method() {
  static const EVP_CIPHER* aes = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  ensure(aes != nullptr, "OpenSSL has no AES-256-GCM");
  return aes;
}

// Never null: OpenSSL takes a null input to mean something else than an empty one.
const std::uint8_t* octets(std::string_view text) {
  return as_bytes(text.empty() ? std::string_view("") : text).data();
}
int length(std::string_view text) {
  ensure(text.size() <= INT_MAX, "a box is at most 2 GiB");
  return static_cast<int>(text.size());
}

std::unexpected<Error> broken(std::string_view detail) {
  return fail(Code::data_loss, "sealed_box_broken", "Stored data cannot be read.", detail);
}

}  // namespace

// The version octet is authenticated too: it is the head of the associated data.
Bytes seal(const SecretKey& key, std::string_view plaintext, std::string_view associated, Random& random) {
  Bytes box(plaintext.size() + kOverheadBytes, '\0');
  auto* const out = reinterpret_cast<std::uint8_t*>(box.data());
  box[0] = kVersion;
  random.fill({out + 1, kNonceBytes});
  auto* const text = out + 1 + kNonceBytes;
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  const bool done = context != nullptr &&
                    EVP_EncryptInit_ex2(context.get(), method(), key.reveal().data(), out + 1, nullptr) == 1 &&
                    EVP_EncryptUpdate(context.get(), nullptr, &size, out, 1) == 1 &&
                    EVP_EncryptUpdate(context.get(), nullptr, &size, octets(associated), length(associated)) == 1 &&
                    EVP_EncryptUpdate(context.get(), text, &size, octets(plaintext), length(plaintext)) == 1 &&
                    EVP_EncryptFinal_ex(context.get(), text + plaintext.size(), &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes, text + plaintext.size()) == 1;
  ensure(done, "AES-256-GCM failed to seal");
  return box;
}

Result<SecretString> open(const SecretKey& key, std::string_view box, std::string_view associated) {
  if (box.size() < kOverheadBytes) return broken("sealed box is too short");
  if (box.front() != kVersion) return broken("sealed box has an unknown version");
  const auto nonce = box.substr(1, kNonceBytes), tag = box.substr(box.size() - kTagBytes);
  const auto ciphertext = box.substr(1 + kNonceBytes, box.size() - kOverheadBytes);
  std::string plaintext(ciphertext.size(), '\0');
  const Context context(EVP_CIPHER_CTX_new());
  int size = 0;
  auto* const text = reinterpret_cast<std::uint8_t*>(plaintext.data());
  const bool genuine =
      context != nullptr &&
      EVP_DecryptInit_ex2(context.get(), method(), key.reveal().data(), octets(nonce), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, octets(box), 1) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &size, octets(associated), length(associated)) == 1 &&
      EVP_DecryptUpdate(context.get(), text, &size, octets(ciphertext), length(ciphertext)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, const_cast<char*>(tag.data())) == 1 &&
      EVP_DecryptFinal_ex(context.get(), text + plaintext.size(), &size) == 1;
  SecretString opened(std::move(plaintext));  // wiped on the way out when it is not genuine
  if (!genuine) return broken("sealed box was made under another key or purpose, or changed");
  return opened;
}

}  // namespace gatehouse::crypto
