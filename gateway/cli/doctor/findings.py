"""The results of checks: ok, a warning, or a failure with what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from db.outages import describe

# How long one check may take.
CHECK_SECONDS = 20.0


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in one line. `advice` says what to do; it is empty where nothing is to be done."""

    check: str
    status: CheckStatus
    message: str
    advice: str = ""

    @property
    def line(self) -> str:
        return f"{self.status:<8} {self.check:<12} {self.message}{f' {self.advice}' if self.advice else ''}"


# Tries one part out. Every exception that it does not translate itself is a failure of the part.
Check = Callable[[], Awaitable[Sequence[Finding]]]


def ok(check: str, message: str) -> Finding:
    return Finding(check, CheckStatus.OK, message)


def warning(check: str, message: str, advice: str) -> Finding:
    return Finding(check, CheckStatus.WARNING, message, advice)


def failed(check: str, message: str, advice: str) -> Finding:
    return Finding(check, CheckStatus.FAILED, message, advice)


async def run_check(name: str, check: Check, *, advice: str) -> list[Finding]:
    """Run a check within its time. An exception is a failure with this advice, so that one broken part does not hide the others."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return list(await check())
    except TimeoutError:
        return [failed(name, f"There was no answer within {CHECK_SECONDS:g} seconds.", advice)]
    except Exception as error:  # whatever breaks is what the command is to report
        return [failed(name, f"{describe(error)}.", advice)]


def worst_of(findings: Sequence[Finding]) -> CheckStatus:
    ordered = list(CheckStatus)
    return max((finding.status for finding in findings), key=ordered.index, default=CheckStatus.OK)


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the results for programs."""
    return {"status": worst_of(findings), "checks": [asdict(finding) for finding in findings]}
