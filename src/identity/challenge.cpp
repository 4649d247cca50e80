#include "identity/challenge.h"

#include "crypto/digest.h"

namespace gatehouse::identity {
namespace {

constexpr Milliseconds lifetime{limits::challenge_lifetime_ms};
constexpr Milliseconds skew{limits::clock_skew_s * 1000};

}  // namespace

std::string_view name_of(Purpose purpose) { return purpose == Purpose::recover ? "recover" : "verify"; }

SecretString make_code(Random& random) {
  std::uint64_t bound = 1;
  for (std::size_t i = 0; i < limits::challenge_code_digits; ++i) bound *= 10;
  std::uint64_t number = random.below(bound);
  std::string digits(limits::challenge_code_digits, '0');
  for (std::size_t i = digits.size(); i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  return SecretString(std::move(digits));
}

Digest hash_code(const SecretKey& key, ChallengeId id, std::string_view code) {
  std::string text = id.str();
  text.reserve(text.size() + 1 + code.size());
  text.append(":").append(code);
  const Digest digest = crypto::hmac_sha256(key, text);
  wipe(text);
  return digest;
}

Digest hash_code(const SecretKey& key, ChallengeId id, const SecretString& code) {
  return hash_code(key, id, std::string_view(code.reveal()));
}

Challenge make_challenge(ChallengeId id, Purpose purpose, WallTime now) {
  Challenge challenge;
  challenge.id = id;
  challenge.purpose = purpose;
  challenge.created_at = now;
  challenge.expires_at = now + lifetime;
  return challenge;
}

bool is_expired(const Challenge& challenge, WallTime now) {
  const WallTime began = challenge.solved_at.value_or(challenge.created_at);
  return now >= challenge.expires_at || now + skew < began;
}

Verdict try_code(Challenge& challenge, const Digest& code_hash, WallTime now, Use use) {
  const bool is_right = equal_constant_time(as_view(challenge.code_hash), as_view(code_hash));
  if (challenge.solved_at) {  // asked again because the first answer was lost: the proof is still to be had
    const bool is_proof = challenge.purpose == Purpose::verify && !challenge.redeemed_at && !is_expired(challenge, now);
    return is_right && is_proof ? Verdict::right : Verdict::used;
  }
  if (challenge.tries >= limits::challenge_tries_max) return Verdict::exhausted;
  if (is_expired(challenge, now)) return Verdict::expired;
  ++challenge.tries;
  if (!is_right) return Verdict::wrong;
  if (use == Use::keep) {
    --challenge.tries;
    return Verdict::right;
  }
  challenge.solved_at = now;
  challenge.expires_at = now + lifetime;
  if (challenge.purpose == Purpose::recover) challenge.redeemed_at = now;  // solved and used in one
  return Verdict::right;
}

bool redeem(Challenge& challenge, const Digest& address_hash, UserId user, WallTime now) {
  const bool is_proof = challenge.purpose == Purpose::verify && challenge.solved_at && !challenge.redeemed_at &&
                        !is_expired(challenge, now);
  const bool is_theirs =
      challenge.address_hash == address_hash && (!challenge.created_by || *challenge.created_by == user);
  if (!is_proof || !is_theirs) return false;
  challenge.redeemed_at = now;
  return true;
}

std::unexpected<Error> failure_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::wrong: return invalid_field("code", "challenge_code_wrong", "This is not the code we sent.");
    case Verdict::used:
      return fail(Code::failed_precondition, "challenge_used", "This code has been used. Ask for a new one.");
    case Verdict::exhausted:
      return fail(Code::failed_precondition, "challenge_exhausted", "Too many wrong codes. Ask for a new one.");
    case Verdict::expired:
      return fail(Code::failed_precondition, "challenge_expired", "This code has expired. Ask for a new one.");
    case Verdict::right: break;
  }
  return internal("a right code is not a failure");
}

std::unexpected<Error> challenge_not_found() { return not_found("challenge_not_found", "There is no such challenge."); }

}  // namespace gatehouse::identity
