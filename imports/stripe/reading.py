"""Reads a whole account into the spool of a folder."""

import re
from collections.abc import Callable
from pathlib import Path

from imports.stripe import methods
from imports.stripe.client import ReadClient, StripeAccess
from imports.stripe.lists import LISTS, Progress, read_list
from imports.stripe.problems import CannotRead
from imports.stripe.spool import Spool, open_spool

# A wrong address is reported soon; a failure in the middle of hours of work is not.
FIRST_ATTEMPTS = 4
ACCOUNT = re.compile(r"acct_\w{1,100}")


async def read_account(access: StripeAccess, out: Path, *, now: int, progress: Callable[[Spool], Progress]) -> Spool:
    """Read what is left to read, and return the spool. `now` is in seconds since 1970. Raises CannotRead; what was read until then stays."""
    async with ReadClient(access) as client:
        account = await client.get("/v1/account", {}, attempts=FIRST_ATTEMPTS)
        if not ACCOUNT.fullmatch(str(account.get("id"))):
            raise CannotRead("The answer of /v1/account is not an account of Stripe; is PORTICO_STRIPE_IMPORT_ADDRESS an address of its API?")
        spool = open_spool(out, account["id"], currency=str(account.get("default_currency") or "usd"), now=now)
        count = progress(spool)
        for what in LISTS:
            await read_list(client, spool, what, count)
            if what.name == "customers":
                await methods.read_methods(client, spool, count)
    return spool
