#include "crypto/password_hash.h"

#include <sodium.h>

#include "base/ensure.h"
#include "crypto/phc.h"

namespace gatehouse::crypto {
namespace {

std::unexpected<Error> unsupported() {
  return fail(Code::failed_precondition, "hash_unsupported", "This password cannot be checked here.",
              "stored hash is not an Argon2id string that we can verify");
}

std::unexpected<Error> too_costly(const Argon2Params& params) {
  return fail(
      Code::failed_precondition, "hash_too_costly", "This password cannot be checked here.",
      "stored hash asks for m=" + std::to_string(params.memory_kib) + " KiB, t=" + std::to_string(params.passes));
}

bool is_affordable(const Argon2Params& params) {
  return params.memory_kib <= limits::argon2_memory_kib_max && params.passes <= limits::argon2_passes_max;
}

Bytes random_bytes(std::size_t size, Random& random) {
  Bytes bytes(size, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(bytes.data()), size});
  return bytes;
}

// libsodium picks its AVX2 or AVX-512 code in sodium_init: without it a hash takes twice as long.
void choose_fastest_code() {
  static const bool done = sodium_init() >= 0;
  ensure(done, "libsodium cannot start");
}

Result<Bytes> argon2id(const SecretString& password, const Argon2Params& params, std::string_view salt,
                       std::size_t tag_bytes) {
  choose_fastest_code();
  Bytes tag(tag_bytes, '\0');
  const auto& text = password.reveal();
  const int failed = crypto_pwhash_argon2id(
      reinterpret_cast<std::uint8_t*>(tag.data()), tag.size(), text.data(), text.size(), as_bytes(salt).data(),
      params.passes, std::size_t{params.memory_kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13);
  if (failed != 0) return unavailable("overloaded", "no memory for a password hash");
  return tag;
}

}  // namespace

Result<std::string> hash_password(const SecretString& password, const Argon2Params& params, Random& random) {
  if (password.reveal().size() > limits::password_bytes_max)
    return invalid_field("password", "password_too_long", "The password is too long.");
  if (!is_affordable(params)) return too_costly(params);
  Phc phc{params, random_bytes(argon2_salt_bytes, random), {}};
  auto tag = argon2id(password, params, phc.salt, argon2_tag_bytes);
  if (!tag) return pass(tag);
  phc.tag = std::move(*tag);
  return format_phc(phc);
}

Result<Match> verify_password(std::string_view phc, const SecretString& password) {
  const auto stored = parse_phc(phc);
  if (!stored) return unsupported();
  if (!is_affordable(stored->params)) return too_costly(stored->params);
  if (password.reveal().size() > limits::password_bytes_max) return Match::no;
  const auto tag = argon2id(password, stored->params, stored->salt, stored->tag.size());
  if (!tag) return pass(tag);
  return equal_constant_time(*tag, stored->tag) ? Match::yes : Match::no;
}

bool needs_rehash(std::string_view phc, const Argon2Params& params) {
  const auto stored = parse_phc(phc);
  return !stored || stored->params != params || stored->tag.size() != argon2_tag_bytes;
}

std::string dummy_hash(const Argon2Params& params, Random& random) {
  return format_phc({params, random_bytes(argon2_salt_bytes, random), random_bytes(argon2_tag_bytes, random)});
}

}  // namespace gatehouse::crypto
