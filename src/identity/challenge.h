// A challenge: a code sent to an address; whoever brings it back in time has shown that they read it.
// A pure state machine: time comes in, the verdict goes out, storing is somebody else's job. Any thread.
//
//   live ─right code→ solved ─redeem→ redeemed        live ─5 tries→ exhausted     live ─10 min→ expired
//
// A try is counted before the codes are compared, and both are stored in one step: whoever tries a hundred codes at
// once gets five answers. Codes and addresses are kept as keyed hashes only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/secret.h"

namespace gatehouse::identity {

using ChallengeId = Id<struct ChallengeTag>;

enum class Purpose : std::uint8_t { verify = 1, recover = 2 };
[[nodiscard]] std::string_view name_of(Purpose purpose);

struct Challenge {
  ChallengeId id;
  Purpose purpose = Purpose::verify;
  Digest address_hash{};  // keyed, of type and canonical address
  Digest code_hash{};     // keyed, of id and code
  std::uint32_t tries = 0;
  WallTime created_at{};
  WallTime expires_at{};  // of the code; once solved, of the proof
  std::optional<WallTime> solved_at;
  std::optional<WallTime> redeemed_at;
  std::optional<UserId> owner;       // recover: whose account; none: a decoy, whose code nobody knows
  std::optional<UserId> created_by;  // verify: the authenticated user who asked, who alone may use the proof
  [[nodiscard]] bool is_decoy() const { return purpose == Purpose::recover && !owner; }
};

enum class Verdict : std::uint8_t { right, wrong, used, exhausted, expired };

// A code of limits::challenge_code_digits decimal digits.
[[nodiscard]] SecretString make_code(Random& random);
// Keyed, over a text that has one reading only (the id has a fixed length): a code is of use to its own challenge only.
[[nodiscard]] Digest hash_code(const SecretKey& key, ChallengeId id, std::string_view code);
[[nodiscard]] Digest hash_code(const SecretKey& key, ChallengeId id, const SecretString& code);
[[nodiscard]] Challenge make_challenge(ChallengeId id, Purpose purpose, WallTime now);

// Not before it was made (a clock set back must not lengthen its life) and not after it expires.
[[nodiscard]] bool is_expired(const Challenge& challenge, WallTime now);
// What a right code is to do: solve the challenge, or leave it as it was and good for another time.
enum class Use : std::uint8_t { consume, keep };
// One guess. Changes the challenge, which must be stored before the verdict is told.
// A right answer to `verify` solves it and gives the proof ten minutes of its own; the same answer again, before the
// proof is redeemed, is right again and changes nothing.
[[nodiscard]] Verdict try_code(Challenge& challenge, const Digest& code_hash, WallTime now, Use use = Use::consume);
// Uses up the proof of a solved challenge for one address on behalf of one user. False: it proves nothing here.
[[nodiscard]] bool redeem(Challenge& challenge, const Digest& address_hash, UserId user, WallTime now);

[[nodiscard]] std::unexpected<Error> failure_of(Verdict verdict);  // of any but `right`
[[nodiscard]] std::unexpected<Error> challenge_not_found();

// How long an expired challenge still answers `challenge_expired`; then it is gone.
inline constexpr Milliseconds expired_challenge_kept{60 * 60 * 1000};

}  // namespace gatehouse::identity
