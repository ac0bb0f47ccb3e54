"""The commands `catalog …`: the round trip on the demo, the diff and its exit codes, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from auth.seal import Seal
from db.builtin.embedded import Urls
from gateway.cli.main import cli
from tests.catalog.conftest import CUSTOMER_ID, SUBSCRIPTION_ID, run
from tests.conftest import SECRET
from tests.template import create_database

DEMO = (Path(__file__).parents[2] / "demo/catalog.yaml").read_text("utf-8")
TEAM = "{ code: team-usd-month, amount: 29.00, currency: USD, interval: MONTH }"
SPRING = "  - { code: SPRING15, name: 15 % off for three periods, percentOff: 15, duration: REPEATING, durationPeriods: 3 }\n"


@pytest.fixture
def catalog(shop: Urls, tmp_path: Path) -> Callable[..., Result]:
    return lambda *arguments, **texts: called(shop, tmp_path, *arguments, **texts)


def called(urls: Urls, folder: Path, command: str, text: str | None = None) -> Result:
    """Run a command of `catalog`, with a file of this text."""
    path = folder / "catalog.yaml"
    if text is not None:
        path.write_text(text, "utf-8")
    arguments = ["catalog", command, *([str(path)] if text is not None else [])]
    environment = {"PORTICO_DATABASE_URL": urls.admin, "PORTICO_DATA_DIR": str(folder), "PORTICO_SECRET": SECRET}
    return CliRunner().invoke(cli, arguments, env=environment)


def fetch(shop: Urls, query: str, *values: Any) -> list[Any]:
    async def rows() -> list[Any]:
        connection = await asyncpg.connect(shop.admin, server_settings={"search_path": "portico"})
        try:
            return [tuple(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    result: list[Any] = run(rows())
    return result


def test_the_export_of_the_demo_and_its_own_file_are_no_change(urls: Urls, tmp_path: Path) -> None:
    exported = called(urls, tmp_path, "export")
    assert exported.exit_code == 0, exported.output
    for text in (exported.stdout, DEMO):
        planned = called(urls, tmp_path, "plan", text)
        assert (planned.exit_code, planned.stdout) == (0, "No change.\n")
    assert called(urls, tmp_path, "apply", exported.stdout).stdout == "No change.\n"
    assert called(urls, tmp_path, "export").stdout == exported.stdout


def test_a_plan_counts_the_subscriptions_that_a_change_touches(urls: Urls, tmp_path: Path) -> None:
    count, on_plan = fetch(
        urls,
        """select count(*) filter (where p.code = 'team-usd-month'), count(*) filter (where l.code = 'storage')
             from subscription s join price p on p.id = s.price_id join plan l on l.id = s.plan_id where s.status <> 'CANCELED'""",
    )[0]
    assert count > 10
    staying = called(urls, tmp_path, "plan", DEMO.replace(TEAM, TEAM.replace("29.00", "31.00")))
    assert staying.exit_code == 2
    assert staying.stdout == (
        f"~ price team-usd-month: new version, {count} subscriptions keep the version that they have\n    amount: 29.00 -> 31.00\n"
        "0 to create, 1 to change, 0 to archive.\n"
    )
    moved = called(urls, tmp_path, "plan", DEMO.replace(TEAM, TEAM.replace("29.00", "31.00").replace(" }", ", existing: AT_RENEWAL }")))
    assert f"{count} subscriptions move at the next renewal" in moved.stdout
    without_storage = DEMO[: DEMO.index("  - code: storage")] + DEMO[DEMO.index("  - code: solo-2019") :]
    archived = called(urls, tmp_path, "plan", without_storage)
    assert f"- plan storage: archived, {on_plan} subscriptions go on\n" in archived.stdout
    assert "0 to create, 0 to change, 9 to archive." in archived.stdout
    assert called(urls, tmp_path, "plan", DEMO).exit_code == 0, "a plan writes nothing"


def test_one_subscription_is_one_in_the_words_of_a_plan(catalog: Callable[..., Result]) -> None:
    staying = catalog("plan", DEMO.replace(TEAM, TEAM.replace("29.00", "31.00")))
    assert "~ price team-usd-month: new version, 1 subscription keeps the version that it has\n" in staying.stdout
    assert "- plan team: archived, 1 subscription goes on\n" in catalog("plan", "version: 1\n").stdout


def test_what_is_planned_is_applied_in_one_transaction_and_noted(catalog: Callable[..., Result], shop: Urls) -> None:
    new = "  - { code: AUTUMN, name: Leaves, amountOff: 2.50, currency: EUR, duration: FOREVER }\n"
    text = (
        DEMO.replace(TEAM, TEAM.replace("29.00", "31.00").replace(" }", ", existing: AT_RENEWAL }"))
        .replace(SPRING, new)
        .replace("Take a break instead", "Take a break")
    )
    planned, applied = catalog("plan", text), catalog("apply", text)
    assert planned.exit_code == 2
    assert applied.exit_code == 0
    assert applied.stdout == planned.stdout + "1 subscription will move at the next renewal.\n"
    assert planned.stdout.splitlines()[0] == "~ price team-usd-month: new version, 1 subscription moves at the next renewal"
    assert "- coupon SPRING15: archived" in planned.stdout
    assert "    headline: Take a break instead -> Take a break" in planned.stdout
    again = catalog("plan", text)
    assert (again.exit_code, again.stdout) == (0, "No change.\n")
    assert catalog("apply", text).stdout == "No change.\n"

    assert fetch(shop, "select actor, client, detail from audit_event where event = 'applyCatalog'") == [("SYSTEM", "portico-cli", "4 changes")]
    assert fetch(shop, "select unit_minor, is_archived from price where code = 'team-usd-month'") == [(3100, False)]
    assert fetch(shop, "select is_active from coupon where code = 'SPRING15'") == [(False,)]
    assert fetch(shop, "select amount_off_minor, currency from coupon where code = 'AUTUMN'") == [(250, "EUR")]
    assert fetch(shop, "select pending_kind, renewal_minor from subscription where id = $1", SUBSCRIPTION_ID) == [("PLAN", 3100)]
    assert fetch(shop, "select kind, actor from subscription_event where subscription_id = $1", SUBSCRIPTION_ID) == [("CHANGE_SCHEDULED", "SYSTEM")]
    ((letter, sealed),) = fetch(shop, "select id, sealed from letter where customer_id = $1 and kind = 'price_change'", CUSTOMER_ID)
    assert "$31.00" in Seal(SECRET).open(sealed, letter)


def test_an_empty_database_gets_the_whole_catalog(urls: Urls, tmp_path: Path) -> None:
    empty = run(create_database(urls, "catalog_empty"))
    applied = called(empty, tmp_path, "apply", DEMO)
    assert applied.exit_code == 0, applied.output
    assert applied.stdout.endswith("63 to create, 0 to change, 0 to archive.\n")
    exported = called(empty, tmp_path, "export").stdout
    assert exported == called(urls, tmp_path, "export").stdout
    assert called(empty, tmp_path, "plan", exported).exit_code == 0


def test_a_file_that_is_refused_is_reported_with_its_lines_and_writes_nothing(catalog: Callable[..., Result], everything: Callable[[], Any]) -> None:
    before = everything()
    for command in ("plan", "apply"):
        refused = catalog(command, DEMO.replace("amount: 9.00", "amount: 9.001").replace("name: Team", "nmae: Team"))
        assert refused.exit_code == 1
        assert refused.stdout == ""
        assert "catalog.yaml:9: plans[0].prices[0].amount: INVALID_VALUE: It has 3 decimals, and USD has 2 decimals." in refused.stderr
        assert "plans[1].nmae: INVALID_VALUE: There is no key nmae. Did you mean name?" in refused.stderr
    assert "WRONG_STATE" in catalog("apply", DEMO.replace("percentOff: 20,", "percentOff: 21,")).stderr
    assert everything() == before


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_one_line(shop: Urls, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.yaml"
    if content is not None:
        path.write_bytes(content)
    environment = {"PORTICO_DATABASE_URL": shop.admin, "PORTICO_DATA_DIR": str(tmp_path)}
    result = CliRunner().invoke(cli, ["catalog", "plan", str(path)], env=environment)
    assert result.exit_code == 1
    assert "cannot be read" in str(result.exception)
