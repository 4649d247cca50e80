"""Mixed load: actors that live the lives of many people, each request journalled before it is sent."""
import http.client
import random
import threading
import time

from history import OK, REFUSED, UNKNOWN

PASSWORDS = ["tidal-copper-orchard-57", "lantern-quarry-mosaic-31", "velvet-harbour-sprocket-9", "amber-thistle-gondola-42"]
ACCESS_SAFE_S = 240  # younger access tokens cannot have expired


class Actor(threading.Thread):
    """One thread; everything it does is about its own people, one operation at a time."""

    def __init__(self, index, seed, house, journal, stop):
        super().__init__(name=f"actor-{index}", daemon=True)
        self.index, self.house, self.journal, self.stop = index, house, journal, stop
        self.random = random.Random(f"{seed}.{index}")
        self.people, self.serial = [], 0
        self.run_tag = f"{seed}.{index}"
        self.done = {OK: 0, REFUSED: 0, UNKNOWN: 0}
        self.crash = None

    def run(self):
        try:
            while not self.stop.is_set():
                self.step()
        except Exception as error:  # noqa: BLE001 - reported by the caller as a fault of the harness
            self.crash = error

    def step(self):
        if not self.people or self.random.random() < 0.15:
            return self.register(self.new_person())
        person = self.random.choice(self.people[-12:])
        if not person["id"]:
            return self.register(person)
        actions = [self.me] * 6 + [self.refresh] * 6 + [self.login] * 2 + [self.patch] * 3 + [self.end_session, self.change_password, self.reuse]
        self.random.choice(actions)(person)

    def new_person(self):
        self.serial += 1
        person = {"key": f"p.{self.run_tag}.{self.serial}", "username": f"f{self.run_tag}.{self.serial}".replace("-", "m"), "id": None,
                  "password": self.random.choice(PASSWORDS), "maybe": None, "sessions": {}}
        self.people.append(person)
        return person

    # One request

    def send(self, person, kind, method, path, body=None, bearer=None, headers=None, **asked):
        operation = self.journal.begin(person["key"], kind, **asked)
        status, answer = 0, None
        try:
            response = self.house.client(timeout_s=8).request(method, path, json=body, token=bearer, headers=headers)
            status = response.status
            answer = response.json() if status in (200, 201) else {"code": response.code}
        except AssertionError:
            raise
        except (OSError, http.client.HTTPException):
            self.stop.wait(0.02)
        outcome = OK if 200 <= status < 300 else REFUSED if 400 <= status < 500 or status == 503 else UNKNOWN
        self.done[outcome] += 1
        return operation, outcome, status, answer

    def end(self, sent, **got):
        operation, outcome, status, answer = sent
        self.journal.end(operation, outcome, status, got if outcome == OK else answer or {})
        return outcome

    @staticmethod
    def tokens(answer):
        return {name: answer[name] for name in ("session_id", "refresh_token", "access_token")}

    def keep(self, person, answer):
        person["sessions"][answer["session_id"]] = {**self.tokens(answer), "previous": None, "born_s": time.monotonic()}

    # What people do

    def register(self, person):
        body = {"username": person["username"], "password": person["password"]}
        sent = self.send(person, "register", "POST", "/api/v1/auth/register", body, headers={"Idempotency-Key": person["key"]},
                         username=person["username"], password=person["password"])
        answer = sent[3]
        if sent[1] != OK:
            return self.end(sent)
        person["id"] = answer["user"]["id"]
        self.keep(person, answer["tokens"])
        return self.end(sent, user_id=person["id"], **self.tokens(answer["tokens"]))

    def login(self, person, password=None):
        password = password or person["password"]
        sent = self.send(person, "login", "POST", "/api/v1/auth/login", {"username": person["username"], "password": password}, password=password)
        if sent[1] != OK:
            if sent[2] == 401 and person["maybe"]:
                person["password"], person["maybe"] = person["maybe"], None
            return self.end(sent)
        if password == person["password"]:
            person["maybe"] = None
        self.keep(person, sent[3])
        return self.end(sent, **self.tokens(sent[3]))

    def pick(self, person):
        return self.random.choice(list(person["sessions"].values())) if person["sessions"] else None

    def drop(self, person, session):
        person["sessions"].pop(session["session_id"], None)

    def me(self, person):
        session = self.pick(person)
        if not session:
            return self.login(person)
        old = time.monotonic() - session["born_s"] > ACCESS_SAFE_S
        sent = self.send(person, "me", "GET", "/api/v1/users/me", bearer=session["access_token"], session=session["session_id"], may_have_expired=old)
        if sent[1] == REFUSED and sent[2] == 401:
            self.drop(person, session)
        return self.end(sent, **({"user_id": sent[3]["id"], "display_name": sent[3]["display_name"]} if sent[1] == OK else {}))

    def refresh(self, person, session=None, token=None):
        """Rotates a session's token, or sends `token` in its place."""
        session = session or self.pick(person)
        if not session:
            return self.login(person)
        token = token or session["refresh_token"]
        sent = self.send(person, "refresh", "POST", "/api/v1/auth/refresh", {"refresh_token": token}, session=session["session_id"], token=token)
        if sent[1] == OK:
            session.update(older=session["previous"] or token, previous=token, born_s=time.monotonic(), **self.tokens(sent[3]))
            return self.end(sent, **self.tokens(sent[3]))
        if sent[2] == 401:
            self.drop(person, session)
        return self.end(sent)

    def reuse(self, person):
        """Somebody replays a token two generations old: the family must die."""
        session = self.pick(person)
        if not session or self.refresh(person, session) != OK or self.refresh(person, session) != OK:
            return
        newest = session["refresh_token"]
        if self.refresh(person, session, session["older"]) == REFUSED:
            self.refresh(person, session, newest)
            self.me_of(person, session)

    def patch(self, person):
        session = self.pick(person)
        if not session:
            return self.login(person)
        display = f"d{self.random.randrange(10**6)}"
        sent = self.send(person, "patch", "PATCH", "/api/v1/users/me", {"display_name": display}, bearer=session["access_token"], display_name=display)
        return self.end(sent)

    def end_session(self, person):
        if len(person["sessions"]) < 2:
            return self.login(person)
        victim, by = self.random.sample(list(person["sessions"].values()), 2)
        sent = self.send(person, "end_session", "DELETE", f"/api/v1/sessions/{victim['session_id']}", bearer=by["access_token"], ended=victim["session_id"])
        outcome = self.end(sent)
        if outcome == OK:
            self.me_of(person, victim)
            self.drop(person, victim)
        return outcome

    def me_of(self, person, session):
        sent = self.send(person, "me", "GET", "/api/v1/users/me", bearer=session["access_token"], session=session["session_id"])
        return self.end(sent, **({"user_id": sent[3]["id"], "display_name": sent[3]["display_name"]} if sent[1] == OK else {}))

    def change_password(self, person):
        session = self.pick(person)
        if not session or person["maybe"]:
            return self.login(person)
        new = self.random.choice([p for p in PASSWORDS if p != person["password"]])
        sent = self.send(person, "change_password", "PUT", "/api/v1/users/me/password", {"current_password": person["password"], "new_password": new},
                         bearer=session["access_token"], new=new, session=session["session_id"])
        outcome = self.end(sent)
        if outcome == OK:
            person["password"], person["sessions"] = new, {session["session_id"]: session}
        elif outcome == UNKNOWN:
            person["maybe"] = new
        return outcome

    # After the last fault

    def settle(self):
        """Asks about everybody once more, so that the history ends with what is true now."""
        try:
            for person in self.people:
                self.settle_one(person)
        except Exception as error:  # noqa: BLE001 - as in run()
            self.crash = error

    def settle_one(self, person):
        if not person["id"]:
            self.until_answered(lambda: self.register(person))
        if person["maybe"]:
            self.until_answered(lambda: self.login(person))
        self.until_answered(lambda: self.login(person))
        for session in list(person["sessions"].values()):
            self.until_answered(lambda: self.me_of(person, session))

    def until_answered(self, act):
        for _ in range(20):
            if act() != UNKNOWN:
                return
            time.sleep(0.05)
