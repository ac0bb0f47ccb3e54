"""The ranges of a file in a Range header (https://www.rfc-editor.org/rfc/rfc9110#section-14.2). A header that cannot be parsed is ignored."""

import re

SPECIFIER = re.compile(r"bytes=(.*)", re.IGNORECASE)
RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)
# A header with more ranges is more likely an attack, and is ignored.
MAX_RANGES = 16
# A number with more digits is larger than any file.
MAX_DIGITS = 18

# The first byte, and the byte after the last.
Range = tuple[int, int]


class Unsatisfiable(Exception):
    """The ranges are valid, and none of them has a byte of the file."""


def ranges_of(header: str | None, size: int) -> list[Range] | None:
    """Return the ranges in ascending order, overlapping and adjacent ones merged. None for the whole file. Raises Unsatisfiable."""
    match = SPECIFIER.fullmatch(header or "")
    specs = [spec for spec in (part.strip(" \t") for part in match[1].split(",")) if spec] if match else []
    if not specs or len(specs) > MAX_RANGES:
        return None
    ranges = [_range(spec, size) for spec in specs]
    if None in ranges:
        return None
    satisfiable = sorted(bounds for bounds in ranges if bounds and bounds[0] < min(bounds[1], size))
    if not satisfiable:
        raise Unsatisfiable
    return _merged(satisfiable)


def header_of(ranges: list[Range]) -> str:
    """Return the Range header for these ranges."""
    return "bytes=" + ",".join(f"{start}-{end - 1}" for start, end in ranges)


def _range(spec: str, size: int) -> Range | None:
    """Return a range cut off at the end of the file; it is empty if it begins there or later. None for an invalid range."""
    match = RANGE.fullmatch(spec)
    if not match or spec == "-":
        return None
    first, last = (int(digits) if len(digits) <= MAX_DIGITS else 10**MAX_DIGITS for digits in (match[1] or "0", match[2] or "0"))
    if not match[1]:
        return max(size - last, 0), size
    if match[2] and last < first:
        return None
    return first, min(last + 1, size) if match[2] else size


def _merged(ranges: list[Range]) -> list[Range]:
    merged = ranges[:1]
    for start, end in ranges[1:]:
        if start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((start, end))
    return merged
