"""Signs whatever it is asked to with the instance's own key, opened from its data folder. For claims that the server would never sign."""
import base64
import hashlib
import hmac
import json
import sqlite3

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def encode(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive(master, purpose):
    """HKDF-SHA256 with an empty salt, one block (src/crypto/digest.cpp)."""
    extracted = hmac.new(bytes(32), master, hashlib.sha256).digest()
    return hmac.new(extracted, purpose.encode() + b"\x01", hashlib.sha256).digest()


def unseal(key, box, associated):
    """version(1) ‖ nonce(12) ‖ ciphertext ‖ tag(16), the version authenticated too (src/crypto/aead.h)."""
    return AESGCM(key).decrypt(box[1:13], box[13:], box[:1] + associated)


class Forger:
    def __init__(self, house):
        master = (house.data / "keys" / "master.key").read_bytes()
        with sqlite3.connect(f"file:{house.data / 'auth.db'}?mode=ro", uri=True) as database:
            row = database.execute("SELECT kid, sealed FROM signing_keys WHERE state = 'current'").fetchone()
        self.kid, sealed = row
        der = unseal(derive(master, "auth.signing-key"), sealed, self.kid.encode())
        self.key = serialization.load_der_private_key(der, None)

    def sign(self, header, claims):
        """Both are a dict, or text that is taken as it stands."""
        texts = [value if isinstance(value, str) else json.dumps(value) for value in (header, claims)]
        signed = ".".join(encode(text.encode("utf-8", "surrogatepass")) for text in texts)
        r, s = utils.decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def header(self, **change):
        return {"alg": "ES256", "typ": "at+jwt", "kid": self.kid, **change}
