"""Coupons: from the next invoice on, as many periods as they say, one at a time, each once a customer."""

import asyncpg
import pytest

from tests.lifecycle.conftest import START, Life, new_id, price


async def discounts(life: Life) -> list[int]:
    return [row["discount_minor"] for row in sorted(await life.rows("invoice"), key=lambda row: row["number"])]


@pytest.mark.parametrize(("code", "expected"), [("welcome20", [0, 100, 0, 0, 0]), ("SPRING15", [0, 75, 75, 75, 0]), ("loyal5", [0, 500, 500, 500, 500])])
async def test_a_coupon_counts_from_the_next_invoice_for_its_periods(life: Life, code: str, expected: list[int]) -> None:
    subscription = await life.subscribe("storage")
    payload = await life.do("applyCoupon", subscriptionId=subscription, code=code)
    assert payload["userErrors"] == []
    amounts = [payload["subscription"]["renewalAmount"]["amount"]]
    for _ in range(4):
        await life.advance(subscription, days=31)
        amounts.append(f"{(await life.row(subscription))['renewal_minor'] / 100:.2f}")
    assert await discounts(life) == expected
    # What was announced as the next renewal is what it came to.
    totals = [row["total_minor"] for row in sorted(await life.rows("invoice"), key=lambda row: row["number"])]
    assert [f"{total / 100:.2f}" for total in totals[1:]] == amounts[:-1]


async def test_a_coupon_that_comes_with_the_order_counts_on_the_first_invoice(life: Life) -> None:
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="WELCOME20", more="invoice { discount { amount } total { amount } }")
    assert payload["invoice"] == {"discount": {"amount": "1.00"}, "total": {"amount": "4.32"}}
    assert (await life.rows("coupon_redemption"))[0]["periods_left"] == 0


async def test_a_change_within_a_discounted_period_is_discounted_too_and_uses_up_nothing(life: Life) -> None:
    payload = await life.do("addPlan", priceId=price("storage"), couponCode="SPRING15")
    subscription = payload["subscription"]["id"]
    await life.do("changePlan", subscriptionId=subscription, priceId=price("enterprise-support"))
    assert (await life.rows("coupon_redemption"))[0]["periods_left"] == 2
    assert await discounts(life) == [75, 49_900 * 15 // 100]


async def test_a_second_coupon_is_refused_and_named_until_the_first_is_removed(life: Life) -> None:
    subscription = await life.subscribe("storage")
    await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15")
    refused = await life.do("applyCoupon", subscriptionId=subscription, code="WELCOME20")
    assert refused["userErrors"][0]["code"] == "COUPON_ALREADY_APPLIED"
    assert "SPRING15" in refused["userErrors"][0]["message"]
    await life.do("removeCoupon", subscriptionId=subscription)
    assert (await life.do("applyCoupon", subscriptionId=subscription, code="WELCOME20"))["userErrors"] == []


async def test_a_coupon_that_was_never_used_may_be_applied_again_and_one_that_was_may_not(life: Life) -> None:
    subscription = await life.subscribe("storage")
    taken = await life.admin.fetchval("select redeemed_count from coupon where code = 'SPRING15'")
    for _ in range(2):
        assert (await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15"))["userErrors"] == []
        await life.do("removeCoupon", subscriptionId=subscription)
    assert await life.admin.fetchval("select redeemed_count from coupon where code = 'SPRING15'") == taken
    await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15")
    await life.advance(subscription, days=31)
    await life.do("removeCoupon", subscriptionId=subscription)
    assert (await life.do("applyCoupon", subscriptionId=subscription, code="SPRING15"))["userErrors"][0]["code"] == "COUPON_INVALID"


@pytest.mark.parametrize("code", ["NOSUCH", "LAUNCH2021", "", "x" * 500, "LOYAL5"])
async def test_an_unknown_an_expired_and_an_unfitting_code_look_the_same(life: Life, code: str) -> None:
    await life.admin.execute("update customer set currency = 'EUR' where id = $1", life.customer_id)
    payload = await life.do("addPlan", priceId=price("storage", currency="EUR"))
    subscription = payload["subscription"]["id"]
    before = await life.everything()
    refused = await life.do("applyCoupon", subscriptionId=subscription, code=code)
    assert [error["code"] for error in refused["userErrors"]] == ["COUPON_INVALID"]
    assert refused["userErrors"][0]["message"] == "This code cannot be used here."
    assert await life.everything() == before


async def entered(life: Life, code: str) -> str:
    """The code of a coupon, as the operator enters it; how it is stored."""
    insert = "insert into coupon (id, code, name, percent_off_ppm, duration, created_at) values ($1, $2, 'A coupon', 100000, 'ONCE', $3) returning code"
    return str(await life.admin.fetchval(insert, new_id("cpn"), code, START))


FORMS = {
    "small": str.lower,
    "capitals": str.upper,
    "mixed": str.title,
    "with spaces": lambda code: f"  {code} \n",
    "with no-break spaces": lambda code: f"\u00a0{code}\u00a0",
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_code_is_found_however_it_was_entered_and_however_it_is_typed(life: Life, form: str) -> None:
    word = f"säve 7a {new_id('cpn')[-8:]}"
    assert await entered(life, FORMS[form](word)) == word.upper()
    for write in FORMS.values():
        for mutation, arguments in (("applyCoupon", {"code": write(word)}), ("addPlan", {"priceId": price("storage"), "couponCode": write(word)})):
            subscription = {} if mutation == "addPlan" else {"subscriptionId": await life.subscribe("storage")}
            assert (await life.preview(mutation, **subscription, **arguments))["userErrors"] == []
            payload = await life.do(mutation, **subscription, **arguments, more="subscription { appliedCoupon { coupon { code } } }")
            assert payload["subscription"]["appliedCoupon"] == {"coupon": {"code": word.upper()}}
            await life.admin.execute(
                """with gone as (delete from coupon_redemption where customer_id = $1 returning coupon_id)
                   update coupon set redeemed_count = redeemed_count - 1 where id in (select coupon_id from gone)""",
                life.customer_id,
            )


@pytest.mark.parametrize("longer", [lambda code: code + "X", lambda code: code + " " * 300, lambda code: code[:-1], lambda code: code.replace("A", "A ")])
async def test_a_text_that_is_not_the_code_is_not_taken_for_it(life: Life, longer) -> None:
    word = ("A" * 40 + new_id("cpn"))[:60].upper()
    await entered(life, word)
    subscription = await life.subscribe("storage")
    assert [error["code"] for error in (await life.do("applyCoupon", subscriptionId=subscription, code=longer(word)))["userErrors"]] == ["COUPON_INVALID"]
    assert (await life.do("applyCoupon", subscriptionId=subscription, code=word))["userErrors"] == []


async def test_no_two_coupons_have_codes_that_differ_in_case_alone(life: Life) -> None:
    word = f"twice {new_id('cpn')[-8:]}"
    await entered(life, word)
    for one in FORMS.values():
        with pytest.raises(asyncpg.UniqueViolationError):
            await entered(life, one(word))
    other = await entered(life, f"{word} more")
    with pytest.raises(asyncpg.UniqueViolationError):
        await life.admin.execute("update coupon set code = $2 where code = $1", other, word)
    with pytest.raises(asyncpg.CheckViolationError):
        await entered(life, " \n ")
