"""Catalog files: what is read, what is refused with which line, and that an export is read back unchanged."""

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator

from billing.catalog.items import CatalogPlan, CatalogUse, ItemKind
from billing.catalog.keys import KEYS, LISTS
from billing.catalog.planning import plan, problems
from resolvers.catalog.catalog_file import BadCatalogFile, FileFault, read_catalog, refuse
from resolvers.catalog.file_export import catalog_text, json_schema
from tests.catalog.items import catalogs

ROOT = Path(__file__).parents[2]
GOOD = """\
version: 1
plans:
  - code: team
    name: Team
    prices:
      - code: team-month
        amount: 9.90
        currency: USD
        interval: MONTH
coupons:
  - {code: ten, name: Ten, percentOff: 10, duration: ONCE}
cancellationOptions:
  - {code: stay, rank: 1, kind: COUPON, headline: Stay, coupon: ten}
"""


VALIDATOR = Draft202012Validator(json_schema())


def loaded(text: str) -> Any:
    """The file as other programs read it, with days as texts."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def faults_of(text: str) -> list[FileFault]:
    try:
        file = read_catalog(text)
        refuse(file, problems({}, file.wanted, CatalogUse()))
    except BadCatalogFile as error:
        return error.faults
    return []


@given(catalog=catalogs)
def test_an_export_is_read_back_unchanged(catalog: dict) -> None:  # type: ignore[type-arg]
    text = catalog_text(catalog)
    file = read_catalog(text)
    assert file.items == catalog
    assert plan(catalog, file.wanted, CatalogUse()) == ()
    VALIDATOR.validate(loaded(text))


def test_the_file_of_the_demo_is_a_catalog_without_a_fault_and_fits_the_schema() -> None:
    text = (ROOT / "demo/catalog.yaml").read_text("utf-8")
    file = read_catalog(text)
    assert problems({}, file.wanted, CatalogUse()) == []
    assert len(file.items) == 63
    Draft202012Validator.check_schema(json_schema())
    document = loaded(text)
    VALIDATOR.validate(document)
    document["plans"][0]["nmae"] = "Starter"
    assert not VALIDATOR.is_valid(document)


def test_the_shipped_schema_is_the_one_of_the_program() -> None:
    assert json.loads((ROOT / "docs/catalog.schema.json").read_text("utf-8")) == json_schema()


def test_every_key_is_explained_on_the_page() -> None:
    page = (ROOT / "docs/catalog.md").read_text("utf-8")
    keys = {key.name for keys in KEYS.values() for key in keys} | {"version", "prices", *LISTS}
    assert len(keys) > 20
    assert {key for key in keys if f"`{key}`" not in page} == set()


# A replacement in the file above, and the fault: its line, its path and a part of its message.
FAULTS = {
    "no version": ("version: 1\n", "", 1, "version", "version: 1"),
    "another version": ("version: 1", "version: 2", 1, "version", "version 1"),
    "a misspelled list": ("coupons:", "cupons:", 11, "cupons", "Did you mean coupons?"),
    "a misspelled key": ("name: Team", "nmae: Team", 4, "plans[0].nmae", "Did you mean name?"),
    "a key that is missing": ("    name: Team\n", "", 3, "plans[0].name", "name is needed"),
    "a code twice": ("coupons:", "  - {code: team, name: Again}\ncoupons:", 10, "plans[1].code", "twice, first in line 3"),
    "three decimals": ("9.90", "9.901", 7, "plans[0].prices[0].amount", "3 decimals, and USD has 2 decimals"),
    "decimals of yen": ("currency: USD", "currency: JPY", 7, "plans[0].prices[0].amount", "JPY has no decimals"),
    "a negative amount": ("9.90", "-9.90", 7, "plans[0].prices[0].amount", "negative"),
    "an amount above 2^53": ("9.90", "90071992547409.93", 7, "plans[0].prices[0].amount", "at most"),
    "a float": ("9.90", "9.9e1", 7, "plans[0].prices[0].amount", "decimal number"),
    "no currency": ("        currency: USD\n", "", 6, "plans[0].prices[0].currency", "currency is needed"),
    "a currency without amount": ("        amount: 9.90\n", "", 6, "plans[0].prices[0].amount", "amount is needed"),
    "an unknown currency": ("USD", "USX", 7, "plans[0].prices[0].amount", "no currency"),
    "an unknown interval": ("MONTH", "MONHT", 9, "plans[0].prices[0].interval", "Did you mean MONTH?"),
    "a list instead of a value": ("name: Team", "name: [Team]", 4, "plans[0].name", "one value"),
    "a value instead of a list": ("coupons:\n  - {code: ten, name: Ten, percentOff: 10, duration: ONCE}", "coupons: ten", 10, "coupons", "a list"),
    "a value instead of an item": ("  - {code: ten, name: Ten, percentOff: 10, duration: ONCE}", "  - ten", 11, "coupons[0]", "mapping"),
    "101 percent": ("percentOff: 10", "percentOff: 101", 11, "coupons[0].percentOff", "at most 100"),
    "0 percent": ("percentOff: 10", "percentOff: 0", 11, "coupons[0].percentOff", "more than 0"),
    "a coupon currency without amount": ("percentOff: 10", "currency: USD", 11, "coupons[0].percentOff", "needs an amount"),
    "no such day": ("duration: ONCE", "duration: ONCE, redeemUntilOn: 2027-02-30", 11, "coupons[0].redeemUntilOn", "no day"),
    "a day in another order": ("duration: ONCE", "duration: ONCE, redeemUntilOn: 28.02.2027", 11, "coupons[0].redeemUntilOn", "2027-01-31"),
    "a number in words": ("rank: 1", "rank: first", 13, "cancellationOptions[0].rank", "whole number"),
    "an answer in words": ("name: Team", "archived: perhaps\n    name: Team", 4, "plans[0].archived", "true or false"),
    "an unknown coupon": ("coupon: ten", "coupon: eleven", 13, "cancellationOptions[0].coupon", "no coupon"),
    "a key twice": ("    name: Team\n", "    name: Team\n    name: Teams\n", 5, "", "twice, first in line 4"),
    "broken YAML": ("name: Team", "name: [Team", 5, "", "not YAML"),
    "an alias": ("    name: Team\n", "    name: &name Team\n    description: *name\n", 5, "", "Aliases"),
    "a tag": ("name: Team", "name: !!python/object/apply:os.system [ls]", 4, "", "Tags"),
    "two documents": ("coupons:", "---\ncoupons:", 11, "", "more than one document"),
    "a control character": ("name: Team", "name: Te\x07am", 4, "", "not allowed"),
}


def test_the_file_that_the_faults_are_put_into_has_none() -> None:
    file = read_catalog(GOOD)
    assert problems({}, file.wanted, CatalogUse()) == []
    assert file.items[ItemKind.PRICE, "team-month"].unit_minor == 990  # type: ignore[union-attr]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_line_its_path_and_a_reason(name: str) -> None:
    before, after, line, path, message = FAULTS[name]
    assert before in GOOD
    faults = faults_of(GOOD.replace(before, after, 1))
    assert (line, path) in [(fault.line, fault.path) for fault in faults]
    assert any(message in fault.message for fault in faults), faults


def test_all_faults_are_reported_together() -> None:
    text = GOOD.replace("9.90", "9.901").replace("rank: 1", "rank: x").replace("name: Team", "nmae: Team")
    assert [fault.line for fault in faults_of(text)] == [3, 4, 7, 13]


def test_texts_need_no_quotes_where_yaml_would_read_something_else() -> None:
    file = read_catalog("version: 1\nplans:\n  - {code: no, name: 2019, description: 1e3}\n")
    assert file.items == {(ItemKind.PLAN, "no"): CatalogPlan(code="no", name="2019", description="1e3")}


def test_aliases_do_not_expand_and_depth_is_bounded() -> None:
    bomb = "version: 1\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + number)}: &{chr(98 + number)} [{', '.join([f'*{chr(97 + number)}'] * 9)}]\n" for number in range(9)
    )
    begun = perf_counter()
    assert "Aliases" in faults_of(bomb)[0].message
    assert "nested" in faults_of("version: 1\nplans: " + "[" * 5_000)[0].message
    assert "characters" in faults_of("version: 1\n#" + "x" * 5_000_001)[0].message
    assert perf_counter() - begun < 5


def test_an_empty_file_is_no_catalog() -> None:
    assert [fault.path for fault in faults_of("")] == ["", "version"]
