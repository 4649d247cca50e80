// Addresses, challenges, recovery and subject keys.
#include "crypto/digest.h"
#include "identity/service.h"
#include "identity/subject_key.h"
#include "identity/user.h"

namespace gatehouse::identity {
namespace {

Done check_type(std::string_view type) {
  if (type == "email") return {};
  return invalid_field("type", "identifier_type_unknown", "The type of an address is 'email'.");
}

std::unexpected<Error> identifier_not_found() { return not_found("identifier_not_found", "There is no such address."); }

}  // namespace

Result<std::string> email_key(std::string_view email) {
  auto parsed = parse_email(email);
  if (!parsed) return pass(parsed);
  return std::move(parsed->key);
}

Digest Service::hash_address(const Email& email) const {
  return crypto::hmac_sha256(address_key_, "email:" + email.key);
}

NewChallenge Service::new_challenge(Purpose purpose, Email email, const Occasion& occasion) const {
  NewChallenge made{
      .challenge = make_challenge(ChallengeId{Uuid::make_v7(occasion.now, random_)}, purpose, occasion.now),
      .email = std::move(email),
      .code = make_code(random_)};
  made.challenge.address_hash = hash_address(made.email);
  made.challenge.code_hash = hash_code(code_key_, made.challenge.id, made.code);
  return made;
}

Task<v1::ListIdentifiersResponse> Service::list_identifiers(Call call, v1::ListIdentifiersRequest request) {
  const auto id = UserId::parse(request.user_id());
  if (!id) co_return user_not_found();
  auto identifiers = co_await store_->list_identifiers(call, *id);
  if (!identifiers) co_return pass(identifiers);
  v1::ListIdentifiersResponse response;
  for (auto& identifier : *identifiers) *response.add_identifiers() = std::move(identifier);
  co_return response;
}

Task<v1::Identifier> Service::attach_identifier(Call call, v1::AttachIdentifierRequest request) {
  const auto user = UserId::parse(request.user_id());
  if (!user) co_return user_not_found();
  const auto type = check_type(request.type());
  auto email = parse_email(request.value(), "value");
  FieldErrors errors;
  errors.add(type).add(email);
  if (!errors.empty()) co_return errors.failure();
  const Occasion occasion = occasion_of(call);
  NewIdentifier identifier{.id = Uuid::make_v7(occasion.now, random_), .user = *user, .email = std::move(*email)};
  identifier.address_hash = hash_address(identifier.email);
  // An id that is none names no challenge: the nil id, which nothing has.
  if (!request.challenge_id().empty())
    identifier.proof = ChallengeId::parse(request.challenge_id()).value_or(ChallengeId{});
  auto change = store_->attach_identifier(occasion, std::move(identifier));
  co_return co_await settle(std::move(change));
}

Task<v1::DetachIdentifierResponse> Service::detach_identifier(Call call, v1::DetachIdentifierRequest request) {
  const auto user = UserId::parse(request.user_id());
  if (!user) co_return user_not_found();
  const auto id = Uuid::parse(request.identifier_id());
  if (!id) co_return identifier_not_found();
  auto change = store_->detach_identifier(occasion_of(call), *user, *id);
  const auto detached = co_await settle(std::move(change));
  if (!detached) co_return pass(detached);
  co_return v1::DetachIdentifierResponse();
}

Task<v1::Challenge> Service::create_challenge(Call call, v1::CreateChallengeRequest request) {
  const auto type = check_type(request.type());
  auto email = parse_email(request.value(), "value");
  FieldErrors errors;
  errors.add(type).add(email);
  if (!errors.empty()) co_return errors.failure();
  const Occasion occasion = occasion_of(call);
  NewChallenge made = new_challenge(Purpose::verify, std::move(*email), occasion);
  if (call.caller.is_authenticated()) made.challenge.created_by = call.caller.user_id;
  v1::Challenge response;
  response.set_id(made.challenge.id.str());
  response.set_expires_at_ms(to_ms(made.challenge.expires_at));
  const auto created = co_await store_->create_challenge(occasion, std::move(made));
  if (!created) co_return pass(created);
  counters_.challenges_created.Increment();
  co_return response;
}

Task<Judged> Service::judge(Call call, Guess guess) {
  auto judged = co_await store_->try_challenge(occasion_of(call), guess);
  if (!judged) co_return pass(judged);
  if (judged->verdict == Verdict::right) co_return judged;
  counters_.codes_wrong.Increment();
  co_return failure_of(judged->verdict);
}

Task<v1::Challenge> Service::verify_challenge(Call call, v1::VerifyChallengeRequest request) {
  const auto id = ChallengeId::parse(request.challenge_id());
  if (!id) co_return challenge_not_found();
  const Guess guess{.id = *id, .purpose = Purpose::verify, .code_hash = hash_code(code_key_, *id, request.code())};
  const auto judged = co_await judge(call, guess);
  if (!judged) co_return pass(judged);
  v1::Challenge response;
  response.set_id(request.challenge_id());
  response.set_expires_at_ms(to_ms(judged->challenge.expires_at));
  response.set_solved(true);
  co_return response;
}

Task<v1::StartRecoveryResponse> Service::start_recovery(Call call, v1::StartRecoveryRequest request) {
  auto email = parse_email(request.email());
  if (!email) co_return pass(email);
  const Occasion occasion = occasion_of(call);
  NewChallenge made = new_challenge(Purpose::recover, std::move(*email), occasion);
  v1::StartRecoveryResponse response;
  response.set_challenge_id(made.challenge.id.str());
  response.set_expires_at_ms(to_ms(made.challenge.expires_at));
  const auto created = co_await store_->create_challenge(occasion, std::move(made));
  if (!created) co_return pass(created);
  counters_.challenges_created.Increment();
  co_return response;
}

Task<v1::RedeemRecoveryResponse> Service::redeem_recovery(Call call, v1::RedeemRecoveryRequest request) {
  co_return co_await judge_recovery(call, std::move(request), Use::consume);
}

Task<v1::RedeemRecoveryResponse> Service::check_recovery(Call call, v1::RedeemRecoveryRequest request) {
  co_return co_await judge_recovery(call, std::move(request), Use::keep);
}

Task<v1::VoidRecoveriesResponse> Service::void_recoveries(Call call, v1::VoidRecoveriesRequest request) {
  const auto user = UserId::parse(request.user_id());
  if (!user) co_return user_not_found();
  std::optional<WallTime> until;
  if (request.started_until_ms() > 0) until = from_ms(request.started_until_ms());
  const auto done = co_await store_->void_recoveries(call, *user, until);
  if (!done) co_return pass(done);
  co_return v1::VoidRecoveriesResponse();
}

Task<v1::RedeemRecoveryResponse> Service::judge_recovery(Call call, v1::RedeemRecoveryRequest request, Use use) {
  const auto id = ChallengeId::parse(request.challenge_id());
  if (!id) co_return challenge_not_found();
  const Guess guess{.id = *id,
                    .purpose = Purpose::recover,
                    .code_hash = hash_code(code_key_, *id, request.code()),
                    .use = use};
  const auto judged = co_await judge(call, guess);
  if (!judged) co_return pass(judged);
  if (!judged->challenge.owner) co_return internal("a decoy was solved");
  v1::RedeemRecoveryResponse response;
  response.set_user_id(judged->challenge.owner->str());
  co_return response;
}

Task<v1::SubjectKey> Service::get_subject_key(Call call, v1::GetSubjectKeyRequest request) {
  const auto id = Uuid::parse(request.key_id());
  if (!id) co_return not_found("erased", "The key of this subject has been destroyed.");
  const auto key = co_await store_->find_subject_key(call, *id);
  if (!key) co_return pass(key);
  v1::SubjectKey response;
  response.set_key_id(request.key_id());
  response.set_key(octets_of(*key));
  co_return response;
}

}  // namespace gatehouse::identity
