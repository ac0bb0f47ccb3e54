"""Parts of a file that a request wants (https://www.rfc-editor.org/rfc/rfc9110#section-14.2). What cannot be understood is as if it were not there."""

import re

SPECIFIER = re.compile(r"bytes=(.*)", re.IGNORECASE)
RANGE = re.compile(r"(\d*)-(\d*)", re.ASCII)
# More than these are more likely an attack than a reader. They are ignored, too.
MOST = 16
# Longer numbers are larger than any file.
DIGITS = 18

# First byte, and the one after the last.
Range = tuple[int, int]


class Unsatisfiable(Exception):
    """Ranges were understood, and the file has a byte of none of them."""


def ranges_of(header: str | None, size: int) -> list[Range] | None:
    """The ranges in ascending order, each with a gap before the next one. None for the whole file. Raises Unsatisfiable."""
    match = SPECIFIER.fullmatch(header or "")
    specs = [spec for spec in (part.strip(" \t") for part in match[1].split(",")) if spec] if match else []
    if not specs or len(specs) > MOST:
        return None
    ranges = [_range(spec, size) for spec in specs]
    if None in ranges:
        return None
    satisfiable = sorted(found for found in ranges if found and found[0] < min(found[1], size))
    if not satisfiable:
        raise Unsatisfiable
    return _merged(satisfiable)


def header_of(ranges: list[Range]) -> str:
    """A Range header that says the same."""
    return "bytes=" + ",".join(f"{start}-{end - 1}" for start, end in ranges)


def _range(spec: str, size: int) -> Range | None:
    """Cut off at the file's end; one that begins there or later is empty. None for what is no range."""
    match = RANGE.fullmatch(spec)
    if not match or spec == "-":
        return None
    first, last = (int(digits) if len(digits) <= DIGITS else 10**DIGITS for digits in (match[1] or "0", match[2] or "0"))
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
