"""One contract for every processor, run on the sandbox and on Stripe's adapter with a real server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from payments.processor import BadSignature, ChargeLookup, ChargeStatus, KeyReused, OutcomeUnknown, RefundLookup, RefundRequest, SetupNotFound, SetupUnfinished
from tests.payments.sides import PAYER, Side, add, charge_of, localstripe, sandbox_side, stripe_side
from tests.waiting import until

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
NUMBERS = count()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with localstripe() as address:
        yield address


@pytest.fixture(params=["sandbox", "stripe"])
async def side(request: pytest.FixtureRequest) -> AsyncIterator[Side]:
    open_side = sandbox_side() if request.param == "sandbox" else stripe_side(request.getfixturevalue("address"))
    async with open_side as side:
        yield side


@pytest.fixture
def key() -> str:
    return f"pay_{next(NUMBERS)}"


async def test_a_method_is_stored_by_what_may_be_shown_of_it(side: Side, key: str) -> None:
    method = await add(side, "visa", key=key)
    assert (method.kind, method.brand, method.last4) == ("CARD", "visa", "4242")
    assert method.expires_on is not None
    assert method.expires_on.year >= 2030
    assert (method.expires_on + timedelta(days=1)).day == 1


async def test_finishing_a_setup_twice_gives_the_same_method(side: Side, key: str) -> None:
    start = await side.processor.start_setup(PAYER, key=key)
    reference = await side.fill(start.reference, start.action.client_secret, "visa")
    first, second = [await side.processor.finish_setup(reference, customer_id=PAYER.customer_id) for _ in range(2)]
    assert first == second


async def test_starting_a_setup_twice_under_one_key_is_one_setup(side: Side, key: str) -> None:
    first, second = [await side.processor.start_setup(PAYER, key=key) for _ in range(2)]
    assert first == second


async def test_the_same_card_has_the_same_fingerprint_and_another_has_another(side: Side, key: str) -> None:
    first, second, other = await add(side, "visa", key=key), await add(side, "visa", key=f"{key}b"), await add(side, "generic_decline", key=f"{key}c")
    assert first.fingerprint == second.fingerprint != other.fingerprint


async def test_a_customer_who_is_known_keeps_being_known(side: Side, key: str) -> None:
    method = await add(side, "visa", key=key)
    start = await side.processor.start_setup(replace(PAYER, method_reference=method.method_reference), key=f"{key}b")
    reference = await side.fill(start.reference, start.action.client_secret, "visa")
    again = await side.processor.finish_setup(reference, customer_id=PAYER.customer_id)
    assert again.fingerprint == method.fingerprint


@pytest.mark.parametrize("reference", ["", "seti_none", "sandbox_setup_0_0", "../v1/charges", "seti_1/../x", "ü"])
async def test_a_setup_that_never_was_is_not_found(side: Side, reference: str) -> None:
    with pytest.raises(SetupNotFound):
        await side.processor.finish_setup(reference, customer_id=PAYER.customer_id)


async def test_another_customers_setup_is_not_found(side: Side, key: str) -> None:
    start = await side.processor.start_setup(PAYER, key=key)
    reference = await side.fill(start.reference, start.action.client_secret, "visa")
    with pytest.raises(SetupNotFound):
        await side.processor.finish_setup(reference, customer_id="cus_another")


async def test_a_charge_takes_the_money_once_however_often_it_is_sent(side: Side, key: str) -> None:
    charge = charge_of(await add(side, "visa", key=key), key)
    results = [await side.processor.charge(charge) for _ in range(3)] + await asyncio.gather(*[side.processor.charge(charge) for _ in range(5)])
    assert {(result.status, result.processor_reference) for result in results} == {(ChargeStatus.SUCCEEDED, results[0].processor_reference)}
    assert await side.moved(key) == 1


async def test_a_key_that_stands_for_another_charge_is_refused(side: Side, key: str) -> None:
    charge = charge_of(await add(side, "visa", key=key), key)
    await side.processor.charge(charge)
    with pytest.raises(KeyReused):
        await side.processor.charge(replace(charge, amount_minor=2))
    assert await side.moved(key) == 1


async def test_a_declined_charge_says_why_and_whether_to_try_again(side: Side, key: str) -> None:
    result = await side.processor.charge(charge_of(await add(side, "generic_decline", key=key), key))
    assert (result.status, result.decline_code, result.is_retryable) == (ChargeStatus.FAILED, "generic_decline", True)
    assert result.processor_reference
    assert await side.moved(key) == 0


@pytest.mark.parametrize("reference", ["", "nobody", "cus_1", "cus_1/pm_1/card", "sandbox_0123456789abcdef_wood", "sandbox_12"])
async def test_a_method_that_is_none_cannot_be_charged(side: Side, key: str, reference: str) -> None:
    method = replace(await add(side, "visa", key=key), method_reference=reference)
    result = await side.processor.charge(charge_of(method, key))
    assert (result.status, result.decline_code, result.is_retryable) == (ChargeStatus.FAILED, "method_unknown", False)


async def test_an_action_is_asked_of_the_customer_and_then_the_money_moves(side: Side, key: str) -> None:
    result = await side.processor.charge(charge_of(await add(side, "requires_action", key=key), key))
    assert result.status is ChargeStatus.REQUIRES_ACTION
    assert result.client_action
    assert result.client_action.client_secret not in repr(result)
    assert await side.moved(key) == 0
    await side.act(result.processor_reference or "", result.client_action.client_secret)
    confirmed = await side.processor.confirm(result.processor_reference or "")
    assert confirmed.status is ChargeStatus.SUCCEEDED
    assert await side.moved(key) == 1


async def test_without_the_customer_an_action_is_a_decline(side: Side, key: str) -> None:
    charge = charge_of(await add(side, "requires_action", key=key), key, is_off_session=True)
    result = await side.processor.charge(charge)
    assert (result.status, result.decline_code, result.is_retryable) == (ChargeStatus.FAILED, "authentication_required", False)
    assert await side.moved(key) == 0


async def test_a_charge_that_waits_can_be_given_up_and_never_succeeds_then(side: Side, key: str) -> None:
    charge = charge_of(await add(side, "requires_action", key=key), key)
    waiting = await side.processor.charge(charge)
    canceled = await side.processor.cancel(waiting.processor_reference or "")
    assert (canceled.status, canceled.decline_code) == (ChargeStatus.FAILED, "canceled")
    assert (await side.processor.confirm(waiting.processor_reference or "")).status is ChargeStatus.FAILED
    assert (await side.processor.cancel(waiting.processor_reference or "")).status is ChargeStatus.FAILED
    assert await side.moved(key) == 0


async def test_giving_up_too_late_tells_that_the_money_was_taken(side: Side, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key=key), key))
    assert (await side.processor.cancel(taken.processor_reference or "")).status is ChargeStatus.SUCCEEDED
    assert await side.moved(key) == 1


async def test_the_outcome_is_told_with_and_without_the_reference(side: Side, key: str) -> None:
    method = await add(side, "visa", key=key)
    taken = await side.processor.charge(charge_of(method, key))
    for reference in (taken.processor_reference, None):
        outcome = await side.processor.outcome(ChargeLookup(key, method.method_reference, reference, NOW), now=LATER)
        assert outcome
        assert (outcome.status, outcome.processor_reference) == (ChargeStatus.SUCCEEDED, taken.processor_reference)


async def test_what_never_arrived_is_told_only_when_it_cannot_be_under_way_any_more(side: Side, key: str) -> None:
    method = await add(side, "visa", key=key)
    attempt = ChargeLookup(key, method.method_reference, None, NOW)
    with pytest.raises(OutcomeUnknown):
        await side.processor.outcome(attempt, now=NOW + timedelta(minutes=14))
    assert await side.processor.outcome(attempt, now=NOW + timedelta(minutes=15)) is None
    assert await side.moved(key) == 0


@pytest.mark.parametrize(("card", "status"), [("sepa", ChargeStatus.SUCCEEDED), ("sepa_returned", ChargeStatus.FAILED)])
async def test_a_bank_takes_its_time_and_has_the_last_word(side: Side, key: str, card: str, status: ChargeStatus) -> None:
    method = await add(side, card, key=key)
    assert (method.kind, method.expires_on) == ("SEPA_DEBIT", None)
    first = await side.processor.charge(charge_of(method, key))
    assert first.status in (ChargeStatus.PROCESSING, ChargeStatus.SUCCEEDED)  # localstripe says the second at once, see docs/stripe.md

    async def is_decided() -> bool:
        last = await side.processor.outcome(ChargeLookup(key, method.method_reference, first.processor_reference, NOW), now=LATER)
        return last is not None and last.status is status

    await until(is_decided, seconds=5)


async def test_a_part_is_given_back_once_under_one_key(side: Side, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key=key), key))
    refund = RefundRequest(f"ref_{key}", taken.processor_reference or "", 300, "EUR")
    first, second = await side.processor.refund(refund), await side.processor.refund(refund)
    assert first == second
    assert first.status is ChargeStatus.SUCCEEDED
    with pytest.raises(KeyReused):
        await side.processor.refund(replace(refund, amount_minor=301))


async def test_a_refund_is_looked_up_by_its_key_and_by_its_reference(side: Side, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key=key), key))
    made = await side.processor.refund(RefundRequest(f"ref_{key}", taken.processor_reference or "", 300, "EUR"))
    lookup = RefundLookup(f"ref_{key}", taken.processor_reference or "", None, NOW)
    assert await side.processor.refund_outcome(lookup, now=NOW) == made
    assert await side.processor.refund_outcome(replace(lookup, refund_reference=made.processor_reference), now=NOW) == made


async def test_a_refund_that_is_missing_never_arrived_once_it_had_the_time_to(side: Side, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key=key), key))
    lookup = RefundLookup(f"ref_other_{key}", taken.processor_reference or "", None, NOW)
    with pytest.raises(OutcomeUnknown):
        await side.processor.refund_outcome(lookup, now=NOW)
    assert await side.processor.refund_outcome(lookup, now=LATER) is None


async def test_a_method_can_be_forgotten_twice_and_unknown_ones_too(side: Side, key: str) -> None:
    method = await add(side, "visa", key=key)
    for reference in (method.method_reference, method.method_reference, "cus_1/pm_none/card", "nobody"):
        await side.processor.detach(reference)
    assert await side.has_forgotten(method, key)


@pytest.mark.parametrize(
    "headers", [{}, {"stripe-signature": "", "portico-signature": ""}, {"stripe-signature": "t=1,v1=00", "portico-signature": "t=1,v1=00"}]
)
async def test_an_unsigned_event_is_not_believed(side: Side, headers: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        side.processor.read_event(headers, b"{}", now=NOW)


async def test_a_form_that_nobody_filled_in_is_not_finished(address: str, key: str) -> None:
    """Of the sandbox it always is: it has no form."""
    async with stripe_side(address) as side:
        start = await side.processor.start_setup(PAYER, key=key)
        with pytest.raises(SetupUnfinished):
            await side.processor.finish_setup(start.reference, customer_id=PAYER.customer_id)
