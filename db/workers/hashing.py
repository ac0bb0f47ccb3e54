"""Postgres' hash of a text, by which Citus places the rows of a customer: lookup3 by Bob Jenkins, as in `src/common/hashfn.c` of Postgres on a little-endian machine."""

MASK = 0xFFFFFFFF
SEED = 0x9E3779B9 + 3923095
BLOCK = 12
# How far the words are rotated: for each block of 12 bytes, and at the end.
MIXING = (4, 6, 8, 16, 19, 4)
ENDING = (14, 11, 25, 16, 4, 14, 24)


def hash_of(text: str) -> int:
    """Return what `hashtext` returns in Postgres, whose encoding is UTF-8: a number of 32 bits with a sign."""
    data = text.encode()
    a = b = c = (SEED + len(data)) & MASK
    whole = len(data) - len(data) % BLOCK
    for start in range(0, whole, BLOCK):
        a, b, c = _mixed(a + _word(data[start:], 0), b + _word(data[start:], 4), c + _word(data[start:], 8))
    rest = data[whole:]
    # The lowest byte of the last word is that of the length.
    hashed = _ended(a + _word(rest, 0), b + _word(rest, 4), c + (_word(rest, 8) << 8))
    return hashed - (1 << 32) if hashed >> 31 else hashed


def _word(data: bytes, start: int) -> int:
    return int.from_bytes(data[start : start + 4], "little")


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & MASK


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    a, b, c = a & MASK, b & MASK, c & MASK
    for bits in MIXING:
        a, b, c = b, (c + b) & MASK, (a - c) & MASK ^ _rotated(c, bits)
    return a, b, c


def _ended(a: int, b: int, c: int) -> int:
    oldest, changing, newest = a & MASK, c & MASK, b & MASK
    for bits in ENDING:
        oldest, changing, newest = newest, oldest, ((changing ^ newest) - _rotated(newest, bits)) & MASK
    return newest
