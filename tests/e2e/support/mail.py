"""The .eml files that a process writes instead of sending mail."""
import email
import email.policy
import re
import time


class Mailbox:
    def __init__(self, house):
        self.house, self.passed = house, set()

    def files(self):
        return sorted(self.house.data.rglob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name))

    def messages(self, address=None):
        parsed = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in self.files()]
        return [m for m in parsed if address is None or address.lower() in str(m["To"]).lower()]

    def wait_for(self, address, count=1, with_code=None, wait_s=8):
        """At least `count` mails to an address, oldest first; with or without a code in them when asked for."""
        until = time.monotonic() + wait_s
        while True:
            found = [m for m in self.messages(address) if with_code is None or (code_in(m) is not None) == with_code]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, f"{len(found)} of {count} mails to {address} in {self.house.data}"
            time.sleep(0.02)

    def code_for(self, address, count=1):
        """The code in the count-th mail with one to this address."""
        return code_in(self.wait_for(address, count, with_code=True)[count - 1])


def text_of(message):
    part = message.get_body(preferencelist=("plain", "html"))
    return part.get_content() if part else ""


def code_in(message):
    match = re.search(r"(?<![0-9-])(\d{8})(?![0-9-])", text_of(message))
    return match.group(1) if match else None
