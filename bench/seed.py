"""Many users at once, written into the databases of a stopped instance by their own schema. Every one has the password of a template user."""
import os
import pathlib
import sqlite3
import time
import uuid

ALPHABET = "abcdefghkm"  # no two of these look alike


def database(data, role):
    connection = sqlite3.connect(pathlib.Path(data) / f"{role}.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    return connection


def name_of(number):
    return "seed" + "".join(ALPHABET[int(digit)] for digit in f"{number:07d}")


def id_of(number, since_ms):
    """A UUIDv7 whose time grows with the number, as the ids of real users do."""
    octets = bytearray((since_ms + number).to_bytes(6, "big") + os.urandom(10))
    octets[6], octets[8] = (octets[6] & 0x0F) | 0x70, (octets[8] & 0x3F) | 0x80
    return bytes(octets)


def users(data, template, count):
    """Adds `count` active users; their names and ids."""
    now_ms = int(time.time() * 1000)
    since_ms = now_ms - count - 1000
    ids = [id_of(number, since_ms) for number in range(count)]
    identity = database(data, "identity")
    rows = ((ids[n], *[name_of(n)] * 4, since_ms + n, since_ms + n) for n in range(count))
    with identity:
        identity.executemany("INSERT INTO users (id, username, username_key, look_alike, written_look_alike, status, created_at, updated_at, version) "
                             "VALUES (?, ?, ?, ?, ?, 2, ?, ?, 1)", rows)
        template_id = identity.execute("SELECT id FROM users WHERE username_key = ?", (template,)).fetchone()[0]
    finish(identity)
    credential = database(data, "credential")
    phc, unicode_version = credential.execute("SELECT phc, unicode_version FROM passwords WHERE user_id = ?", (str(uuid.UUID(bytes=template_id)),)).fetchone()
    texts = [str(uuid.UUID(bytes=value)) for value in ids]
    with credential:
        credential.executemany("INSERT INTO passwords (user_id, phc, unicode_version, version, set_at, hashed_at) VALUES (?, ?, ?, 1, ?, ?)",
                               ((text, phc, unicode_version, now_ms, now_ms) for text in texts))
    finish(credential)
    return [(name_of(n), texts[n]) for n in range(count)]


def finish(connection):
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
