"""Challenges, recovery and reset, with the codes taken from the mail folder."""
import pytest
from support.mail import Mailbox
from support.parallel import at_once
from support.people import OTHER_PASSWORD, PASSWORD, fresh_email, login, person, register, solved_challenge, verified_person
from support.process import faked_clock
from support.roles import run_ok
from test_events import outbox

UNKNOWN_ID = "0192f3a4-7c1e-7b52-9d3e-5f1a2b3c4d5e"


def challenge_for(house, address):
    answer = house.client().post("/api/v1/challenges", {"type": "email", "value": address})
    assert answer.status == 201, answer
    return answer.json()["id"]


def verify(house, challenge, code):
    return house.client().post(f"/api/v1/challenges/{challenge}/verify", {"code": code})


def recover(house, address):
    return house.client().post("/api/v1/auth/recover", {"email": address})


def reset(house, challenge, code, password=OTHER_PASSWORD):
    return house.client().post("/api/v1/auth/reset", {"challenge_id": challenge, "code": code, "new_password": password})


def wrong(code):
    return str((int(code) + 1) % 10**8).zfill(8)


def test_a_mailed_code_solves_its_challenge(house, mailbox):
    address = fresh_email()
    challenge = challenge_for(house, address)
    answer = verify(house, challenge, mailbox.code_for(address))
    assert answer.status == 200 and answer.json()["solved"] is True


def test_S85_five_wrong_codes_use_a_challenge_up(house, mailbox):
    address = fresh_email()
    challenge = challenge_for(house, address)
    code = mailbox.code_for(address)
    for _ in range(5):
        answer = verify(house, challenge, wrong(code))
        assert answer.status == 422 and answer.field_codes == {"code": "challenge_code_wrong"}, answer
    answer = verify(house, challenge, code)
    assert (answer.status, answer.code) == (410, "challenge_exhausted")


def test_S85_parallel_guesses_get_five_tries_together(house, mailbox):
    address = fresh_email()
    challenge = challenge_for(house, address)
    code = mailbox.code_for(address)
    answers = at_once(40, lambda i: verify(house, challenge, str((int(code) + 1 + i) % 10**8).zfill(8)))
    assert sorted(a.status for a in answers) == [410] * 35 + [422] * 5


def test_S22_a_code_stays_good_when_a_stranger_asks_for_another(house, mailbox):
    address = fresh_email()
    first = challenge_for(house, address)
    first_code = mailbox.code_for(address)
    challenge_for(house, address)
    mailbox.code_for(address, 2)
    assert verify(house, first, first_code).status == 200


def test_a_challenge_nobody_made_is_not_found(house):
    assert verify(house, UNKNOWN_ID, "12345678").status == 404


def test_a_solved_challenge_is_used_once(house, mailbox):
    address = fresh_email()
    challenge = solved_challenge(house, address, mailbox)
    assert register(house, email=address, challenge_id=challenge).status == 201
    answer = register(house, email=address, challenge_id=challenge)
    assert answer.status in (409, 410), answer


def test_a_challenge_expires_after_ten_minutes(make_house, sanitized):
    if sanitized:
        pytest.skip("libfaketime does not work with a sanitizer")
    house = make_house()
    house.start()
    address = fresh_email()
    challenge = challenge_for(house, address)
    code = Mailbox(house).code_for(address)
    house.stop()
    house.extra_env = faked_clock(offset_s=10 * 60 + 5)
    house.start()
    answer = verify(house, challenge, code)
    assert (answer.status, answer.code) == (410, "challenge_expired")


def test_S88_a_reset_ends_every_session_and_opens_none(house, mailbox):
    someone = verified_person(house, mailbox)
    address = someone.user["email"]
    challenge = recover(house, address).json()["challenge_id"]
    answer = reset(house, challenge, mailbox.code_for(address, 2))
    assert answer.status == 204 and answer.body == b""
    assert someone.me().status == 401 and someone.refresh().status == 401
    assert login(house, someone.username, PASSWORD).status == 401
    assert login(house, someone.username, OTHER_PASSWORD).status == 200


def test_a_recovery_code_works_once(house, mailbox):
    someone = verified_person(house, mailbox)
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    assert reset(house, challenge, code).status == 204
    assert reset(house, challenge, code, PASSWORD).status == 410
    assert login(house, someone.username, OTHER_PASSWORD).status == 200


def test_S22_a_stranger_cannot_deny_a_recovery(make_house):
    house = make_house({"rate_limit": {"enabled": True, "login_per_minute": 1000, "register_per_minute": 1000},
                        "server": {"trusted_proxies": ["127.0.0.1"]}})
    house.start()
    box = Mailbox(house)
    victim = verified_person(house, box)
    address = victim.user["email"]

    def ask(source):
        return house.client().post("/api/v1/auth/recover", {"email": address}, headers={"X-Forwarded-For": source}).json()["challenge_id"]

    mine = ask("203.0.113.9")
    code = box.code_for(address, 2)
    for source in [f"{network}{n}{host}" for network, host in (("2001:db8:1:", "::1"), ("198.51.100.", "")) for n in range(7)]:
        for _ in range(10):
            strangers = ask(source)
    for _ in range(6):
        reset(house, strangers, wrong(code))
    assert reset(house, mine, code).status == 204
    asked = [ask("203.0.113.9"), ask("192.0.2.77")]  # an answer past the limit names a challenge nobody is mailed
    assert set(asked) <= {row["key_id"] for row in outbox(house, "identity")}


def test_the_right_code_again_is_answered_as_the_first_time(house, mailbox):
    address = fresh_email()
    challenge = challenge_for(house, address)
    code = mailbox.code_for(address)
    first, again = verify(house, challenge, code), verify(house, challenge, code)
    assert first.status == again.status == 200 and first.json() == again.json()
    assert verify(house, challenge, wrong(code)).code == "challenge_used"
    person(house, email=address, challenge_id=challenge)
    assert verify(house, challenge, code).code == "challenge_used"


def test_S18_a_recovery_of_nobody_leaves_no_mail_behind(house, mailbox):
    known, unknown = verified_person(house, mailbox).user["email"], fresh_email("nobody")
    recover(house, unknown)
    recover(house, known)
    mailbox.code_for(known, 2)
    assert mailbox.messages(unknown) == []
    assert not list(house.data.rglob(".*.tmp"))


def test_S85_parallel_redemptions_set_one_password(house, mailbox):
    someone = verified_person(house, mailbox)
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    passwords = [f"velvet-harbour-sprocket-{i}" for i in range(10)]
    answers = at_once(10, lambda i: reset(house, challenge, code, passwords[i]))
    assert sorted(a.status for a in answers) == [204] + [410] * 9, answers
    assert [login(house, someone.username, p).status for p in passwords].count(200) == 1


def test_a_refused_password_does_not_use_up_the_code(house, mailbox):
    someone = verified_person(house, mailbox)
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    assert reset(house, challenge, code, "short").field_codes == {"new_password": "password_too_short"}
    assert reset(house, challenge, code).status == 204


def test_S18_recovery_answers_the_same_whether_or_not_the_address_is_known(house, mailbox):
    someone = verified_person(house, mailbox)
    known, unknown = recover(house, someone.user["email"]), recover(house, fresh_email())
    assert known.status == unknown.status == 202
    assert known.json().keys() == unknown.json().keys() and len(known.body) == len(unknown.body)
    assert sorted(k.lower() for k, _ in known.fields) == sorted(k.lower() for k, _ in unknown.fields)
    code = mailbox.code_for(someone.user["email"], 2)
    for _ in range(6):
        left = reset(house, known.json()["challenge_id"], wrong(code))
        right = reset(house, unknown.json()["challenge_id"], "12345678")
        assert (left.status, left.code) == (right.status, right.code)


def test_S18_recovery_takes_the_same_time_whether_or_not_the_address_is_known(house, mailbox, sanitized):
    if sanitized:
        pytest.skip("times mean nothing under a sanitizer")
    import statistics
    known = verified_person(house, mailbox).user["email"]
    samples = {"known": [], "unknown": []}
    client = house.client(keeps=True)
    for _ in range(60):
        for kind, address in (("known", known), ("unknown", fresh_email())):
            samples[kind].append(client.post("/api/v1/auth/recover", {"email": address}).elapsed_s)
    medians = {kind: statistics.median(times) for kind, times in samples.items()}
    assert min(*samples["known"], *samples["unknown"]) >= 0.05, "answered before it had to"
    assert abs(medians["known"] - medians["unknown"]) < 0.001, medians


def test_S89_an_unverified_address_recovers_nothing(house):
    address = fresh_email()
    person(house, email=address)
    assert recover(house, address).status == 202
    box = Mailbox(house)
    box.wait_for(address, with_code=False)
    assert all(code is None for code in map(box_code, box.messages(address)))


def box_code(message):
    from support.mail import code_in
    return code_in(message)


def test_S87_S85_codes_do_not_cross_purposes(house, mailbox):
    """A solved or open verification challenge resets nothing; a recovery code verifies nothing."""
    someone = verified_person(house, mailbox)
    address = someone.user["email"]
    verification = challenge_for(house, address)
    code = mailbox.code_for(address, 2)
    assert reset(house, verification, code).status in (404, 410, 422)
    recovery = recover(house, address).json()["challenge_id"]
    recovery_code = mailbox.code_for(address, 3)
    assert verify(house, recovery, recovery_code).status in (404, 410, 422)
    assert login(house, someone.username, PASSWORD).status == 200


def test_S85_a_detached_address_recovers_nothing(house, mailbox):
    someone = verified_person(house, mailbox)
    address = someone.user["email"]
    challenge = recover(house, address).json()["challenge_id"]
    code = mailbox.code_for(address, 2)
    identifier = someone.get("/api/v1/users/me/identifiers").json()["identifiers"][0]["id"]
    assert someone.request("DELETE", f"/api/v1/users/me/identifiers/{identifier}").status == 204
    assert reset(house, challenge, code).status in (410, 422)
    assert login(house, someone.username, PASSWORD).status == 200


def test_S21_a_disabled_user_cannot_come_back_through_recovery(house, mailbox):
    someone = verified_person(house, mailbox)
    challenge = recover(house, someone.user["email"]).json()["challenge_id"]
    code = mailbox.code_for(someone.user["email"], 2)
    run_ok(house, "user", "disable", someone.username)
    reset(house, challenge, code)
    assert login(house, someone.username, OTHER_PASSWORD).status == 401


def test_S61_the_mail_names_the_configured_address_whatever_the_request_says(make_house):
    house = make_house({"server": {"public_url": "https://id.example.org"}})
    house.start()
    address = fresh_email()
    evil = {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "Forwarded": "host=evil.test"}
    assert house.client().post("/api/v1/challenges", {"type": "email", "value": address}, headers=evil).status == 201
    Mailbox(house).wait_for(address)
    assert b"evil.test" not in Mailbox(house).files()[-1].read_bytes()
