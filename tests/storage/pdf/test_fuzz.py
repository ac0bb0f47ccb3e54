"""Mutated PDFs: always an answer, never a worker over its limits, and in what is accepted another reader finds nothing that is refused.

`make fuzz` runs it with 5,000 mutations in place of 200.
"""

import asyncio
import random
import re
from collections import Counter
from collections.abc import Callable
from itertools import product

import pytest

from billing.refusals import ErrorCode, Refused
from storage.pdf.examiner import Examiner
from tests.depth import by_depth
from tests.storage.independent import actions_of
from tests.storage.pdf.grammar import ACTIONS, MENTIONS, NAMED, PACKINGS, PLACES, objects_of
from tests.storage.pdf.judging import examining, refuse_pdf

SEEDS = 4
MUTATIONS = by_depth(50, 1250)
ANSWER_SECONDS = 10.0
CODES = {ErrorCode.UNSAFE_FILE, ErrorCode.UNSUPPORTED_FILE, ErrorCode.TOO_COMPLEX, ErrorCode.PASSWORD_PROTECTED}
TOKEN = re.compile(rb"/[A-Za-z]+|\d+ \d+ (?:R|obj)|\d+|<<|>>|\[|\]|endobj|endstream|stream|xref|trailer|startxref|%%EOF")

Mutation = Callable[[bytearray, random.Random], None]


def _flip(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 8)):
        content[chance.randrange(len(content))] = chance.randrange(256)


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def _remove(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, 60)]


def _repeat(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = content[start : start + chance.randint(1, 200)] * chance.randint(1, 5)


def _swap_tokens(content: bytearray, chance: random.Random) -> None:
    """One token in the place of another: references that lead elsewhere, filters that do not fit, numbers out of range."""
    tokens = list(TOKEN.finditer(bytes(content))) or list(re.finditer(rb".", content))
    one, other = chance.choice(tokens), chance.choice([*tokens, *tokens])
    content[one.start() : one.end()] = other[0] if chance.random() < 0.8 else b"%d" % chance.choice([0, -1, 2**31, 2**63, 10**30])


def _add_junk(content: bytearray, chance: random.Random) -> None:
    place = chance.choice([0, len(content), chance.randrange(len(content))])
    content[place:place] = chance.randbytes(chance.randint(1, 1200))


MUTATIONS_OF: list[Mutation] = [_flip, _cut, _remove, _repeat, _swap_tokens, _swap_tokens, _add_junk]
CONTENTS = [{}, *MENTIONS.values(), *({} | place(action) for place, action in product((PLACES | NAMED).values(), ACTIONS.values()))]


def mutated(chance: random.Random) -> bytes:
    content = bytearray(chance.choice([*PACKINGS.values()])(objects_of(**chance.choice(CONTENTS))))
    for _ in range(chance.randint(1, 3)):
        if content:
            chance.choice(MUTATIONS_OF)(content, chance)
    return bytes(content)


async def answer_to(content: bytes, examiner: Examiner) -> ErrorCode | None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await refuse_pdf(content, examiner)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(SEEDS))
async def test_every_mutation_has_an_answer_and_what_is_accepted_does_nothing_by_itself(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    answers: Counter[ErrorCode | None] = Counter()
    async with examining() as examiner:
        for number in range(MUTATIONS):
            content = mutated(chance)
            code = await answer_to(content, examiner)
            answers[code] += 1
            if code is None:
                assert actions_of(content) == [], f"seed {seed}, number {number}: accepted with an action"
    assert set(answers) <= CODES | {None}
    assert set(answers) >= {ErrorCode.UNSAFE_FILE, ErrorCode.UNSUPPORTED_FILE, None}
    assert [record.message for record in caplog.records if record.name == "portico.pdf"] == [], (
        "a worker ended, or the parser failed in a way that is not expected"
    )
