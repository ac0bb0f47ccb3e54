"""Which passwords are taken, and how they are kept.

The rules are those of NIST SP 800-63B-4 §3.1.1.2 for a password that stands alone, and of the OWASP password storage cheat sheet: length instead of
composition, a list of common ones, argon2id. A password is brought to one Unicode form in one place, `_normal`, before it is counted, compared or hashed.
"""

import asyncio
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from secrets import token_urlsafe
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from billing.refusals import ErrorCode, Refused

T = TypeVar("T")

MIN_CHARACTERS = 15
MAX_CHARACTERS = 128
# One composed character comes from at most four; so what is longer than this before it is composed is too long afterwards, and is not worth composing:
# composing takes quadratic time for a long run of accents.
MAX_UNCOMPOSED = 4 * MAX_CHARACTERS
MEMORY_KIB = 19 * 1024
# More threads than cores hash no faster and make the event loop wait: on two cores 20 hashes took 0.32 s and stalled the loop for 8 ms with two, 0.47 s and 16 ms with four.
AT_ONCE = min(4, os.cpu_count() or 1)

# What people append to a common word to please a composition rule; a date is the longest of them.
MAX_TAIL = 8
# The shortest part of a name or an address that says something about its owner, and the shortest whole one that may not stand anywhere in a password.
MIN_PERSONAL_PART = 3
MIN_PERSONAL_WHOLE = 6
# What has to be left of a password when everything personal has been taken out.
MIN_IMPERSONAL = 8

# Punctuation is that of ASCII: a password may well consist of signs and pictures alone.
SEPARATORS = re.compile(r"[\s!-/:-@\[-`{-~]+")
TAIL = re.compile(r"[\s\d!-/:-@\[-`{-~]+$")
COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text("utf-8").split())


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """`needs_rehash`: right, but kept with other parameters than today's; hash it again while it is at hand."""

    is_right: bool
    needs_rehash: bool


class Passwords:
    """Hashes with argon2id (19 MiB, two passes, one lane) on threads of its own, never more than `at_once` together: memory is `at_once` × 19 MiB.

    The bound is the number of threads and not a semaphore: a caller who goes away gives a semaphore back at once, while his hash still runs.
    """

    def __init__(self, *, at_once: int = AT_ONCE) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        # The hash of what nobody knows stands in for accounts that do not exist, so that an unknown account takes as long as a wrong password.
        self._nobody = self._hasher.hash(token_urlsafe())

    async def hash(self, password: str) -> str:
        """The password as it is stored: parameters, salt and hash in one ASCII string. Takes only what `check_password_strength` took."""
        normal = _normal(password)
        if normal is None:
            raise ValueError("the password was not judged before")
        return await self._run(lambda: self._hasher.hash(normal))

    async def verify(self, password: str, stored: str | None) -> PasswordCheck:
        """Whether this is the password of the account. `stored` is None for an account that does not exist or has no password."""
        # Whatever cannot have been hashed is wrong, and costs as much as any other wrong one.
        normal = _normal(password)
        agrees = await self._run(lambda: self._agrees(stored or self._nobody, normal or ""))
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


def check_password_strength(password: str, *, personal: Iterable[str], field: str = "password") -> None:
    """Refuses a password that is too short, too long, common, or made of what is `personal`: the customer's e-mail address and name, the name of the portal.

    Nothing is asked of its composition. Length is counted in Unicode code points after NFC.
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
    """The password in Unicode's form NFC, or None for one that is never taken: too long, or with a code point that is no character.

    NFC as SP 800-63B-4 asks (its predecessor had NFKC or NFKD): keyboards differ in how they compose an é, and both must be one password, but ² and 2, or ﬁ and
    fi, stay two. Unicode keeps its promise of stability only to characters that it has assigned, so the others are refused (UAX #15, section 12.1).
    """
    if _is_too_long(password) or any(unicodedata.category(character) in ("Cn", "Cs") for character in password):
        return None
    return unicodedata.normalize("NFC", password)


def _is_too_long(password: str) -> bool:
    return len(password) > MAX_UNCOMPOSED or len(unicodedata.normalize("NFC", password)) > MAX_CHARACTERS


def _is_common(folded: str) -> bool:
    """Whether it is on the list, or is something on the list in thin disguise.

    Compared are: the password; the same without spaces and punctuation; and each of the two without a tail of digits and punctuation, of up to eight (a date), or
    of any length if it is a run such as `1234567890` or `!!!!!!!!!!`. What repeats itself counts once, and is common too if it is too short without the repeats.
    A run as a whole (`abcdefghijklmnop`) is common. A longer password that merely has a common word in it is not: SP 800-63B-4 compares passwords, not words in them.
    """
    texts = {text for spelling in (folded, SEPARATORS.sub("", folded)) for text in _without_tails(spelling)}
    once = {text: _once(text) for text in texts}
    return _is_run(folded) or any(short in COMMON or (short != text and len(short) < MIN_CHARACTERS) for text, short in once.items())


def _without_tails(folded: str) -> Iterator[str]:
    """The text itself, and what is left of it without the last, the last two … characters of its tail."""
    tail = TAIL.search(folded)
    length = len(tail[0]) if tail else 0
    for size in range(min(length, MAX_TAIL) + 1):
        yield folded[: len(folded) - size]
    if tail and _is_run(tail[0]):
        yield folded[: tail.start()]


def _once(text: str) -> str:
    """The shortest beginning that, repeated, gives the text (the last time perhaps not in full). A text that does not repeat itself is its own."""
    return next((text[:size] for size in range(1, len(text) // 2 + 1) if text.startswith(text[size:])), text)


def _is_run(text: str) -> bool:
    """Nothing but steps of one, up, down or in place: at most one step in six may be another."""
    jumps = sum(abs(ord(right) - ord(left)) > 1 for left, right in pairwise(text))
    return jumps * 6 <= len(text)


def _is_personal(normal: str, personal: tuple[str, ...]) -> bool:
    """Whether a whole address or name stands in it, or little is left when all parts of them are taken out. Case, spaces and punctuation do not count."""
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
