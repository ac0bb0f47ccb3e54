"""Rules for passwords, and how they are hashed.

The rules are those of NIST SP 800-63B-4 §3.1.1.2 for a password without a second factor, and of the OWASP password storage cheat sheet: length instead of
composition, a list of common passwords, argon2id. `_normal` is the only place that brings a password to its Unicode form, before it is counted, compared or hashed.
"""

import asyncio
import os
import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from secrets import token_bytes
from typing import TypeVar

from argon2 import DEFAULT_HASH_LENGTH, DEFAULT_RANDOM_SALT_LENGTH, PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import ARGON2_VERSION

from billing.refusals import ErrorCode, Refused

T = TypeVar("T")

MIN_CHARACTERS = 15
MAX_CHARACTERS = 128
# One composed character comes from at most four, so a text that is longer than this before it is composed is too long afterwards. It is not composed:
# composing takes quadratic time for a long run of accents.
MAX_UNCOMPOSED = 4 * MAX_CHARACTERS
MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
# More threads than cores hash no faster and delay the event loop: on two cores 20 hashes took 0.32 s and stalled the loop for 8 ms with two, 0.47 s and 16 ms with four.
AT_ONCE = min(4, os.cpu_count() or 1)

# The longest tail that people append to a common word to satisfy a composition rule: a date.
MAX_TAIL = 8
# The shortest part of a name or an address that counts as personal, and the shortest whole one that a password must not contain.
MIN_PERSONAL_PART = 3
MIN_PERSONAL_WHOLE = 6
# The characters that must be left of a password when everything personal is removed.
MIN_IMPERSONAL = 8

# Only the punctuation of ASCII: a password may consist of other signs and pictures alone.
SEPARATORS = re.compile(r"[\s!-/:-@\[-`{-~]+")
TAIL = re.compile(r"[\s\d!-/:-@\[-`{-~]+$")


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """The result of a comparison. `needs_rehash`: right, but hashed with other parameters than the present ones; hash it again while the plain text is known."""

    is_right: bool
    needs_rehash: bool


class Passwords:
    """Hashing with argon2id (19 MiB, two passes, one lane) on threads of its own, at most `at_once` at a time: memory is `at_once` × 19 MiB.

    The bound is the number of threads and not a semaphore: a cancelled caller would release a semaphore at once, while its hash still runs.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._decoy = decoy()

    async def hash(self, password: str) -> str:
        """Return the password as it is stored: parameters, salt and hash in one ASCII string. Accepts only what `check_password_strength` accepts. Raises ValueError."""
        normal = _normal(password)
        if normal is None:
            raise ValueError("the password was not checked before")
        return await self._run(lambda: self._hasher.hash(normal))

    async def verify(self, password: str, stored: str | None) -> PasswordCheck:
        """Compare the password with an account's. `stored` is None for an account that does not exist or has no password."""
        # A text that cannot have been hashed is wrong, and takes as long as any other wrong password.
        normal = _normal(password)
        agrees = await self._run(lambda: self._agrees(stored or self._decoy, normal or ""))
        is_right = agrees and stored is not None and normal is not None
        return PasswordCheck(is_right, needs_rehash=is_right and self._hasher.check_needs_rehash(stored or ""))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _agrees(self, stored: str, normal: str) -> bool:
        try:
            return self._hasher.verify(stored, normal)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def decoy() -> str:
    """Return a stored password that no password matches. It stands in for accounts that do not exist: an unknown account takes as long as a wrong password.

    Random bytes take the place of the hash, because a process that starts should not compute one.
    """
    salt, digest = (b64encode(token_bytes(length)).decode().rstrip("=") for length in (DEFAULT_RANDOM_SALT_LENGTH, DEFAULT_HASH_LENGTH))
    return f"$argon2id$v={ARGON2_VERSION}$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


def check_password_strength(password: str, *, personal: Iterable[str], field: str = "password") -> None:
    """Refuse a password that is too short, too long, common, or made of `personal` texts: the customer's e-mail address and name, the name of the portal.

    There is no rule for its composition. Length is counted in Unicode code points after NFC. Raises Refused.
    """
    normal = _normal(password)
    if normal is None and _is_too_long(password):
        raise Refused(ErrorCode.WEAK_PASSWORD, f"Use {MAX_CHARACTERS} characters or fewer.", field)
    if normal is None:
        raise Refused(ErrorCode.WEAK_PASSWORD, "The password has a character that is not supported. Leave it out.", field)
    if len(normal) < MIN_CHARACTERS:
        raise Refused(ErrorCode.WEAK_PASSWORD, f"Use {MIN_CHARACTERS} characters or more. A few words that do not belong together are easy to remember.", field)
    if _is_common(normal.casefold()):
        raise Refused(ErrorCode.COMMON_PASSWORD, "This password, or a very similar one, is common and easy to guess. Choose another one.", field)
    if _is_personal(normal, tuple(personal)):
        raise Refused(ErrorCode.WEAK_PASSWORD, "The password must not contain your name or e-mail address.", field)


def _normal(password: str) -> str | None:
    """Return the password in Unicode's form NFC, or None for one that is never accepted: too long, or with a code point that is no character.

    NFC as SP 800-63B-4 requires (its predecessor had NFKC or NFKD): keyboards differ in how they compose an é, and both must be one password, but ² and 2, or ﬁ and
    fi, stay two. Unicode guarantees stability only for assigned characters, so the others are refused (UAX #15, section 12.1).
    """
    if _is_too_long(password) or any(unicodedata.category(character) in ("Cn", "Cs") for character in password):
        return None
    return unicodedata.normalize("NFC", password)


def _is_too_long(password: str) -> bool:
    return len(password) > MAX_UNCOMPOSED or len(unicodedata.normalize("NFC", password)) > MAX_CHARACTERS


def _is_common(folded: str) -> bool:
    """Return whether the password is on the list, or is a variant of an entry of the list.

    Compared are: the password; the same without spaces and punctuation; and each of the two without a tail of digits and punctuation, of up to eight (a date), or
    of any length if it is a run such as `1234567890` or `!!!!!!!!!!`. A repeated part counts once, and the password is also common if that part alone is too short.
    A run as a whole (`abcdefghijklmnop`) is common. A longer password that only contains a common word is not: SP 800-63B-4 compares passwords, not words in them.
    """
    common = common_passwords()
    texts = {text for spelling in (folded, SEPARATORS.sub("", folded)) for text in _without_tails(spelling)}
    once = {text: _once(text) for text in texts}
    return _is_run(folded) or any(short in common or (short != text and len(short) < MIN_CHARACTERS) for text, short in once.items())


@cache
def common_passwords() -> frozenset[str]:
    """Return the list, which is read for the first new password: it takes a megabyte."""
    return frozenset((Path(__file__).parent / "common_passwords.txt").read_text("utf-8").split())


def _without_tails(folded: str) -> Iterator[str]:
    """Yield the text itself, and the text without the last, the last two … characters of its tail."""
    tail = TAIL.search(folded)
    length = len(tail[0]) if tail else 0
    for size in range(min(length, MAX_TAIL) + 1):
        yield folded[: len(folded) - size]
    if tail and _is_run(tail[0]):
        yield folded[: tail.start()]


def _once(text: str) -> str:
    """Return the shortest beginning that gives the text when repeated (the last time perhaps not in full), or the text itself."""
    return next((text[:size] for size in range(1, len(text) // 2 + 1) if text.startswith(text[size:])), text)


def _is_run(text: str) -> bool:
    """Return whether neighbouring characters differ by at most one code point; at most one pair in six may differ by more."""
    jumps = sum(abs(ord(right) - ord(left)) > 1 for left, right in pairwise(text))
    return jumps * 6 <= len(text)


def _is_personal(normal: str, personal: tuple[str, ...]) -> bool:
    """Return whether it contains a whole address or name, or little is left when all their parts are removed. Case, spaces and punctuation do not count."""
    plain = rest = _plain(normal)
    wholes = [whole for text in personal for whole in (text, text.partition("@")[0])]
    if any(len(whole) >= MIN_PERSONAL_WHOLE and whole in plain for whole in map(_plain, wholes)):
        return True
    parts = {_plain(part) for text in personal for part in SEPARATORS.split(text)}
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "") if len(part) >= MIN_PERSONAL_PART else rest
    return rest != plain and len(rest) < MIN_IMPERSONAL


def _plain(text: str) -> str:
    return SEPARATORS.sub("", unicodedata.normalize("NFC", text).casefold())
