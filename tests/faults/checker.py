"""The judge: reads a history of operations and says where it contradicts what was promised.

Pure: it knows nothing of processes or sockets, so that it can itself be tested with doctored histories (test_checker.py).
A model of each person keeps every state that is still possible; an answer that fits none of them is a violation.
  I1  what was acknowledged holds          I2  one user per name, one result per idempotency key
  I6  an ended session is dead             I7  one successor per refresh token; a reused family is dead
"""
from history import OK, REFUSED, UNKNOWN

REPLAY_WINDOW_S = 10.0
OVERLOAD = (429, 503)


class Session:
    def __init__(self, tokens):
        self.alive = {True}
        self.current = {tokens["refresh_token"]}  # what may be the newest generation
        self.spent = {}  # refresh token → (successor, when it was first acknowledged)
        self.access = {tokens["access_token"]}
        self.ends_with = set()  # new passwords that may have been set: the event that ends it may still be under way

    def is_seen(self):
        self.alive = {True, False} if self.ends_with else {True}


class Person:
    def __init__(self, name):
        self.name, self.id, self.registered = name, None, {False}
        self.passwords, self.displays = set(), {""}
        self.sessions = {}
        self.deleted = {False}


class Checker:
    def __init__(self):
        self.people, self.violations, self.owners = {}, [], {}

    def run(self, operations):
        for operation in operations:
            person = self.people.setdefault(operation.person, Person(operation.person))
            if operation.status in OVERLOAD:
                continue  # nothing happened
            getattr(self, f"on_{operation.kind}")(person, operation)
        return self.violations

    def report(self, promise, operation, text):
        self.violations.append(f"{promise}: {text} (operation {operation.number}, {operation.person}, {operation.kind} → {operation.status})")

    # Registration

    def on_register(self, person, operation):
        asked, got = operation.asked, operation.got
        if operation.outcome == OK:
            owner = self.owners.setdefault(asked["username"], got["user_id"])
            if owner != got["user_id"]:
                self.report("I2", operation, f"{asked['username']} belongs to {owner} and to {got['user_id']}")
            if person.id not in (None, got["user_id"]):
                self.report("I2", operation, "the same key made another user")
            person.id, person.registered = got["user_id"], {True}
            person.passwords = person.passwords or {asked["password"]}
            self.new_session(person, got)
        elif operation.outcome == UNKNOWN:
            person.registered = person.registered | {True}
            person.passwords = person.passwords or {asked["password"]}
        elif person.registered == {True}:
            self.report("I1", operation, "a retry of an acknowledged registration is refused")
        elif asked.get("own_name", True):
            self.report("I1", operation, "a name nobody else asked for is refused")

    def new_session(self, person, got):
        session = person.sessions.get(got["session_id"])
        if session is None:
            person.sessions[got["session_id"]] = Session(got)
        else:
            session.access.add(got["access_token"])

    # Password

    def on_login(self, person, operation):
        password = operation.asked["password"]
        if operation.outcome == OK:
            if password not in person.passwords:
                self.report("I1", operation, "a password that was never set, or replaced, logs in")
            if person.deleted == {True}:
                self.report("I8", operation, "a deleted user logs in")
            person.passwords, person.registered = {password}, {True}
            for session in person.sessions.values():
                session.ends_with &= {password}  # of the others it is known now that they were not set
            self.new_session(person, operation.got)
        elif operation.outcome == REFUSED:
            if person.passwords == {password} and person.registered == {True} and person.deleted == {False}:
                self.report("I1", operation, "the acknowledged password is refused")
            person.passwords = person.passwords - {password} or person.passwords

    def on_change_password(self, person, operation):
        new, sid = operation.asked["new"], operation.asked["session"]
        others = [s for key, s in person.sessions.items() if key != sid]
        if operation.outcome == OK:
            person.passwords = {new}
            for session in others:
                session.alive = {False}
        elif operation.outcome == UNKNOWN:
            person.passwords = person.passwords | {new}
            for session in others:
                session.alive = session.alive | {False}
                session.ends_with.add(new)

    # Sessions

    def on_me(self, person, operation):
        session = person.sessions[operation.asked["session"]]
        if operation.outcome == OK:
            if session.alive == {False}:
                self.report("I6", operation, "an ended session reads")
            session.is_seen()
            if operation.got["user_id"] != person.id:
                self.report("I1", operation, f"the token of {person.id} reads {operation.got['user_id']}")
            if operation.got["display_name"] not in person.displays:
                self.report("I1", operation, f"display name {operation.got['display_name']!r}, possible {sorted(person.displays)}")
            person.displays = {operation.got["display_name"]}
        elif operation.outcome == REFUSED and session.alive == {True} and not operation.asked.get("may_have_expired"):
            self.report("I1", operation, "a live session is refused")

    def on_patch(self, person, operation):
        display = operation.asked["display_name"]
        if operation.outcome == OK:
            person.displays = {display}
        elif operation.outcome == UNKNOWN:
            person.displays = person.displays | {display}

    def on_end_session(self, person, operation):
        session = person.sessions[operation.asked["ended"]]
        if operation.outcome == OK:
            session.alive = {False}
        elif operation.outcome == UNKNOWN:
            session.alive = session.alive | {False}

    def on_delete(self, person, operation):
        if operation.outcome == OK:
            person.deleted = {True}
            for session in person.sessions.values():
                session.alive = {False}
        elif operation.outcome == UNKNOWN:
            person.deleted = person.deleted | {True}
            for session in person.sessions.values():
                session.alive = session.alive | {False}

    # Refresh

    def on_refresh(self, person, operation):
        token, session = operation.asked["token"], person.sessions[operation.asked["session"]]
        handler = {OK: self.refreshed, REFUSED: self.refresh_refused, UNKNOWN: self.refresh_unknown}[operation.outcome]
        handler(session, token, operation)

    def refreshed(self, session, token, operation):
        successor = operation.got["refresh_token"]
        if session.alive == {False}:
            self.report("I7", operation, "an ended session is refreshed")
        if token in session.spent:
            first, since_s = session.spent[token]
            if first is not None and first != successor:
                self.report("I7", operation, "one refresh token has two successors")
            if first is not None and first not in session.current:
                self.report("I7", operation, "a token older than the last one is taken")
            if first is not None and operation.began_s - since_s > REPLAY_WINDOW_S + 1:
                self.report("I7", operation, "a spent token is taken after its window")
        elif token not in session.current:
            self.report("I7", operation, "a token that was never given out, or is retired, is taken")
        since_s = session.spent.get(token, (None, operation.ended_s))[1]
        session.spent[token] = (successor, since_s)
        session.current = {successor}
        session.is_seen()
        session.access.add(operation.got["access_token"])

    def refresh_refused(self, session, token, operation):
        spent = session.spent.get(token)
        if token in session.current and spent is None and session.alive == {True}:
            self.report("I1", operation, "the newest refresh token of a live session is refused")
        in_window = spent and spent[0] in session.current and operation.ended_s - spent[1] < REPLAY_WINDOW_S - 1
        if in_window and session.alive == {True} and spent[0] is not None:
            self.report("I7", operation, "the token just used is refused within its window")
        if spent:
            session.alive = {False}  # reuse ends the family

    def refresh_unknown(self, session, token, operation):
        if token in session.current and token not in session.spent:
            session.spent[token] = (None, operation.began_s)  # maybe used: its successor was never seen
        elif token not in session.current:
            session.alive = session.alive | {False}  # maybe taken for a reuse, which ends the family


def check(operations):
    return Checker().run(operations)
