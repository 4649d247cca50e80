"""People who use a house: registering them, and what they then know."""
import itertools
import os

_serial = itertools.count(1)
_run = os.urandom(3).hex()

PASSWORD = "tidal-copper-orchard-57"
OTHER_PASSWORD = "lantern-quarry-mosaic-31"


def fresh_name(prefix="ada"):
    return f"{prefix}.{_run}.{next(_serial)}"


def fresh_email(prefix="ada"):
    return f"{fresh_name(prefix)}@example.com"


class Person:
    """A registered user and one of their sessions."""

    def __init__(self, house, user, tokens, password):
        self.house, self.user, self.password = house, user, password
        self.take(tokens)

    def take(self, tokens):
        self.access, self.refresh_token, self.session_id = tokens["access_token"], tokens["refresh_token"], tokens["session_id"]

    @property
    def id(self):
        return self.user["id"]

    @property
    def username(self):
        return self.user["username"]

    def request(self, method, path, **rest):
        return self.house.client().request(method, path, token=self.access, **rest)

    def get(self, path, **rest):
        return self.request("GET", path, **rest)

    def me(self, **rest):
        return self.get("/api/v1/users/me", **rest)

    def login(self, password=None):
        """A second session of the same person, as another Person."""
        answer = login(self.house, self.username, password or self.password)
        assert answer.status == 200, answer
        return Person(self.house, self.user, answer.json(), password or self.password)

    def refresh(self, token=None):
        return refresh(self.house, token or self.refresh_token)

    def rotate(self):
        answer = self.refresh()
        assert answer.status == 200, answer
        self.take(answer.json())
        return self


def login(house, username, password, **rest):
    return house.client().post("/api/v1/auth/login", {"username": username, "password": password}, **rest)


def refresh(house, token):
    return house.client().post("/api/v1/auth/refresh", {"refresh_token": token})


def register(house, username=None, password=PASSWORD, headers=None, **fields):
    body = {"username": fresh_name() if username is None else username, "password": password, **fields}
    return house.client().post("/api/v1/auth/register", body, headers=headers)


def person(house, username=None, password=PASSWORD, **fields):
    answer = register(house, username, password, **fields)
    assert answer.status == 201, answer
    return Person(house, answer.json()["user"], answer.json()["tokens"], password)


def solved_challenge(house, address, mailbox, count=1):
    """The id of a challenge for `address` that has been solved with the code from the mail folder."""
    created = house.client().post("/api/v1/challenges", {"type": "email", "value": address})
    assert created.status == 201, created
    challenge = created.json()["id"]
    solved = house.client().post(f"/api/v1/challenges/{challenge}/verify", {"code": mailbox.code_for(address, count)})
    assert solved.status == 200, solved
    return challenge


def verified_person(house, mailbox, address=None, **rest):
    address = address or fresh_email()
    return person(house, email=address, challenge_id=solved_challenge(house, address, mailbox), **rest)
