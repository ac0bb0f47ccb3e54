"""A sandbox whose refunds are answered in every way that the contract of processors allows, by chance."""

import asyncio
from dataclasses import replace
from random import Random

from payments.processor import ChargeRequest, ChargeResult, ChargeStatus, OutcomeUnknown, ProcessorUnavailable, RefundRequest
from tests.lifecycle.invoicing.staff import RefundSandbox

# How a refund is answered, and how often of a hundred times.
ANSWERS = {"made": 50, "pending": 10, "answer lost": 18, "request lost": 8, "unavailable": 6, "declined": 8}


class MixedSandbox(RefundSandbox):
    """The sandbox. Answers take up to `hesitation_seconds`, so that calls at once overtake each other."""

    def __init__(self, chance: Random, hesitation_seconds: float) -> None:
        super().__init__()
        self.chance = chance
        self._hesitation_seconds = hesitation_seconds

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        await self._hesitate()
        result = await super().charge(charge)
        await self._hesitate()
        return result

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        await self._hesitate()
        (answer,) = self.chance.choices(list(ANSWERS), list(ANSWERS.values()))
        if answer == "unavailable":
            raise ProcessorUnavailable
        if answer == "request lost":
            raise OutcomeUnknown
        if answer in ("answer lost", "declined"):
            self.results.append(None if answer == "answer lost" else ChargeResult(ChargeStatus.FAILED, decline_code="expired_or_canceled_card"))
        result = await super().refund(refund)
        return replace(result, status=ChargeStatus.PROCESSING) if answer == "pending" and result.status == ChargeStatus.SUCCEEDED else result

    async def _hesitate(self) -> None:
        if self._hesitation_seconds:
            await asyncio.sleep(self.chance.random() * self._hesitation_seconds)
