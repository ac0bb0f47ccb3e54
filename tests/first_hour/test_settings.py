"""Every setting with wrong values, an empty one and misspelt names: one readable line with a right value, never the wrong one and never the words of a library."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from gateway.cli.reference import env_example
from gateway.wiring.configuration.environment import PREFIX, as_variable, expected
from gateway.wiring.configuration.secret_settings import SECRETS
from gateway.wiring.configuration.setting_values import choices
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from tests.servers import preloaded

FIELDS = Settings.model_fields
MARK = "hunter2-correct-horse"
# Words of pydantic, of Python's JSON and of tracebacks.
INSIDES = re.compile(r"Input|Value error|lax|function-|validator|pydantic|Extra data|\bchar \d|Traceback|type=|Field required|None|<class")
RIGHT = re.compile(r"; write (.+)\.$")
# These say in another way what would be right.
OTHER_WAY = re.compile(r"`\./portico keys secret` makes one|`python -m gateway keys secret` makes one|; ports are 1 to 65535|; its keys are|^PORTICO_ISSUERS\.")

Load = Callable[..., Settings]


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Load:
    """The settings of a process with exactly these variables."""

    def loaded(**variables: str) -> Settings:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
                patch.delenv(name)
            for name, value in variables.items():
                patch.setenv(name, value)
            return load()

    return loaded


def lines_of(env: Load, **variables: str) -> list[str]:
    """What is said of these variables, none of it with an inside of a library."""
    with pytest.raises(WrongSetting) as refused:
        env(**variables)
    lines = str(refused.value).split("\n")
    assert [line for line in lines if INSIDES.search(line)] == []
    return lines


def variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


# A user without a password, or a key without the other, is refused, and there is no example of a secret.
OTHER_HALVES = {"PORTICO_S3_SECRET_KEY": "x", "PORTICO_SMTP_PASSWORD": "x"}


def wrong_values_of(name: str, setting: FieldInfo) -> list[str]:
    """At least one for each setting."""
    values = ["line\nbreak", "\x1b[31m" + MARK]
    if expected(setting):
        values += [MARK, f'["{MARK}"]', f'{{"{MARK}": 1}}']
    if re.match("must be a (whole )?number", expected(setting)):
        values += ["inf", "-inf", "nan", "1e400", "9" * 30, "-1", "1.5.2", "0x10", "10 s"]
    if isinstance(setting.default, tuple):
        values += [f'["{MARK}"', f'{{"{MARK}": 1}}', f'"{MARK}"', "[" * 3000, f"{MARK},,b"]
    if "Url" in name or name.endswith(("_url", "_endpoint")):
        values += [MARK, "portal.example.com", "ftp://x", "https:///x", "https://h:99999", "https://a b", "https://[half", "https://:80"]
    return values


def test_every_setting_refuses_wrong_values_in_one_line_with_a_right_one(env: Load) -> None:
    """All settings at once: each round has another wrong value of each."""
    wrong = {name: wrong_values_of(name, setting) for name, setting in FIELDS.items()}
    rights: set[tuple[str, str]] = set()
    for number in range(max(map(len, wrong.values()))):
        values = {name: values[number] for name, values in wrong.items() if number < len(values)}
        lines = lines_of(env, **{variable(name): value for name, value in values.items()})
        assert [re.split(r"[.:]", line)[0] for line in lines] == [variable(name) for name in values]
        for (name, value), line in zip(values.items(), lines, strict=True):
            assert MARK not in line
            assert value not in line.partition(";")[0]
            right = RIGHT.search(line)
            assert right or OTHER_WAY.search(line) or name in SECRETS, line
            rights |= {(name, right[1])} if right else set()
    assert len(rights) >= len(FIELDS) - len(SECRETS)
    env(**{variable(name): value for name, value in rights} | OTHER_HALVES)


def test_an_empty_value_is_a_setting_left_out_where_nothing_is_its_default_and_else_wrong(env: Load) -> None:
    may_be_empty = [name for name, setting in FIELDS.items() if setting.default in (None, "", ()) and not name.endswith("database_url")]
    for empty in ("", "  "):
        assert env(**{variable(name): empty for name in may_be_empty}) == env()
        lines = lines_of(env, **{variable(name): empty for name in FIELDS})
        assert [line.partition("; write ")[0] for line in lines] == [f"{variable(name)}: is empty" for name in FIELDS if name not in may_be_empty]


def misspelt(name: str) -> list[str]:
    """A letter left out, doubled, and two letters in the wrong order."""
    middle = len(name) // 2
    return [name[:middle] + name[middle + 1 :], name[:middle] + name[middle] + name[middle:], name[:-2] + name[-1] + name[-2]]


@pytest.mark.parametrize("spell", [str.upper, str.lower])
def test_a_misspelt_name_is_refused_with_the_nearest_one(spell: Callable[[str], str], env: Load) -> None:
    wrong = {spell(variable(word)): name for name in FIELDS for word in misspelt(name) if word not in FIELDS}
    lines = lines_of(env, **dict.fromkeys(wrong, MARK))
    assert lines == [f"{word}: is not a setting; did you mean {variable(wrong[word])}?" for word in sorted(wrong)]


def test_a_name_that_resembles_none_is_refused_with_the_command_that_lists_them(env: Load) -> None:
    assert lines_of(env, PORTICO_QUUX=MARK, PORTICO_=MARK) == [
        f"PORTICO_{name}: is not a setting; `./portico settings` prints all of them." for name in ("", "QUUX")
    ]


def test_every_wrong_thing_has_its_line_in_one_go(env: Load) -> None:
    lines = lines_of(env, PORTICO_PRT="1", PORTICO_PORT="x", PORTICO_LOG_LEVEL="loud", PORTICO_RETRY_DAYS="3,x,y")
    assert [line.partition(":")[0] for line in lines] == ["PORTICO_PRT", "PORTICO_PORT", "PORTICO_LOG_LEVEL", "PORTICO_RETRY_DAYS"]


def test_variables_of_tests_and_those_that_kubernetes_sets_for_a_service_are_no_settings(env: Load) -> None:
    kubernetes = {
        "PORTICO_SERVICE_HOST": "10.0.0.1",
        "PORTICO_SERVICE_PORT": "80",
        "PORTICO_SERVICE_PORT_HTTP": "80",
        "PORTICO_PORT_80_TCP": "tcp://10.0.0.1:80",
        "PORTICO_PORT_80_TCP_ADDR": "10.0.0.1",
        "PORTICO_ADMIN_SERVICE_HOST": "10.0.0.2",
        "PORTICO_ADMIN_PORT": "tcp://10.0.0.2:80",
    }
    assert env(**kubernetes, PORTICO_TEST_REQUIRE="all") == env()
    assert len(lines_of(env, PORTICO_ADMIN_PORT="80", PORTICO_SERVICE="x")) == 2


@pytest.mark.parametrize("name", [name for name in FIELDS if choices(FIELDS[name])])
def test_words_are_taken_in_any_case(name: str, env: Load) -> None:
    for word in choices(FIELDS[name]):
        for spelling in (word, word.upper(), word.lower(), word.title(), f" {word}\t"):
            assert getattr(env(**{variable(name): spelling}), name) == word


LISTS = {name: setting for name, setting in FIELDS.items() if isinstance(setting.default, tuple) and name != "issuers"}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_written_with_commas_or_as_json(name: str, env: Load) -> None:
    right = as_variable(LISTS[name].examples[0] if LISTS[name].examples else LISTS[name].default)
    items = right.split(",")
    as_json = json.dumps([int(item) if item.isdecimal() else item for item in items])
    values = [getattr(env(**{variable(name): text}), name) for text in (right, ", ".join(items), as_json, f" {as_json} ")]
    assert values == values[:1] * 4
    assert [str(item) for item in values[0]] == [
        item if "." not in item or "/" in item else f"{item}/32" if name == "trusted_proxies" else item for item in items
    ]


def test_issuers_are_json_with_kinds_and_algorithms_in_any_case(env: Load) -> None:
    issuer = {"name": "https://a/", "audience": "b", "jwks_url": "https://a/k", "kind": "staff", "algorithms": ["eddsa", "es256"]}
    (loaded,) = env(PORTICO_ISSUERS=json.dumps([issuer], indent=1)).issuers
    assert (str(loaded.kind), loaded.algorithms) == ("STAFF", ("EdDSA", "ES256"))
    wrong: list[dict[str, Any]] = [{}, issuer | {"kind": MARK}, issuer | {"algorithms": [MARK]}, issuer | {MARK: 1}, issuer | {"audience": 1}]
    for each in wrong:
        lines = lines_of(env, PORTICO_ISSUERS=json.dumps([each]))
        assert re.fullmatch(r"PORTICO_ISSUERS\.0[a-z_.0-9]*: [^\n]+\.", lines[0])
        assert MARK not in lines[0]
        assert len(lines) == 1


# What the report of an adopting engineer lists, and its relatives.
REFUSED = {
    "host": ["http://127.0.0.1", "127.0.0.1:8000", "a b", "a/b"],
    "smtp_host": ["smtp://mail.example.com", "mail.example.com:587"],
    "acquire_seconds": ["0", "86401"],
    "retry_days": ["7,3", "[7,3]", "0", "[0]", "1,1", "366", "1.5", "1;3", ",".join(map(str, range(1, 17)))],
    "public_url": ["ftp://x", "api.example.com", "https://a?b=c", "https://a#b", "https://u:p@a"],
    "portal_url": ["portal.example.com", "https://portal.example.com/#"],
    "s3_endpoint": ["minio", "minio:9000"],
    "database_url": ["postgresql://u@h/x extra", "postgresql+asyncpg://u@h/x", "db.example.com"],
    "app_database_url": ["postgresql://u@h/x extra"],
    "replica_urls": ["db2.example.com", "postgresql://u@h/x,", "postgresql://u@h/x,postgresql://u@h/x", "mysql://u@h/x"],
    "replica_lag_seconds": ["0", "-1"],
    "prepared": ["maybe"],
    "throttle_url": ["localhost", "localhost:6379", "http://localhost"],
    "mail_from": ["nobody", "No Body", "a@b@c", "<>"],
    "trusted_proxies": ["x", '["x"]', "10.0.0.1/8", "10.0.0.0/33"],
    "cors_origins": ["*", "https://a/path", "portal.example.com"],
    "document_id_keys": ['a b"', "1a"],
    "merchant_address": ['["a\\nb"]'],
    "merchant_accent": ["blue", "#12345"],
    "merchant_country": ["Germany", "DEU", "ZZ", "EU"],
    "merchant_iban": ["DE89370400440532013001", "DE89", "x", "GB34 BUKB 2020 1555 5555 55"],
    "merchant_bic": ["COBA", "COBADEFFX", "12345678"],
    "merchant_email": ["billing", "a@b@c", "Acme <a@b>"],
    "stripe_secret_key": ["pk_live_x", "whsec_x"],
    "stripe_import_key": ["sk_live_x", "pk_live_x"],
    "stripe_import_address": ["api.stripe.com", "ftp://x"],
    "stripe_publishable_key": ["sk_live_x"],
    "stripe_webhook_secret": ["sk_live_x"],
    "port": ["65536", "8000.5"],
    "invoice_number": ["INV", "INV-{year}", "{number}{number}", "{number:6}", "{number:016}", "{number!r}", "{n}{number}", "{{number}}", "x" * 60 + "{number}"],
    "credit_note_number": ["CN", "{number:6}"],
    "merchant_time_zone": ["Zurich", "Europe", "../etc/passwd", "/etc/localtime", "Europe/Zürich", "+01:00", "."],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values])
def test_values_that_once_were_accepted_or_not_explained_are_refused(name: str, value: str, env: Load) -> None:
    (line,) = lines_of(env, **{variable(name): value})
    assert re.match(rf"{variable(name)}: ", line)
    if right := RIGHT.search(line):
        env(**{variable(name): right[1]})


TAKEN = {
    "host": ["0.0.0.0", "::", "fe80::1%eth0", "localhost"],
    "smtp_host": ["mail.example.com", "::1", "mail_relay"],
    "retry_days": ["1", "1,3,7", "[1, 365]"],
    "public_url": ["http://127.0.0.1:8000", "https://a/b/"],
    "database_url": ["postgres://u@h/x", "postgresql://u:p%20p@h/x?sslmode=require"],
    "throttle_url": ["rediss://:p@h:6380/1", "valkey://h"],
    "mail_from": ["a@example.com", "Gym <a@example.com>"],
    "trusted_proxies": ["10.0.0.0/8", "fd00::/8, 192.168.1.5"],
    "merchant": ["Müller, Söhne & Co."],
    "merchant_country": ["DE", "de"],
    "merchant_iban": ["DE89 3704 0044 0532 0130 00", "gb33bukb20201555555555", "NO9386011117947"],
    "merchant_bic": ["COBADEFFXXX", "BUKB GB22"],
    "s3_path_style": ["true", "YES", "0", "off"],
    "acquire_seconds": ["0.5", "1e-3", "86400"],
    "invoice_number": ["{number}", "RE-{year}/{number:04}", "Nº {number:01} ({year})"],
    "credit_note_number": ["{number}", "G-{year}-{number:04}", "INV-{year}-{number:06}"],
    "merchant_time_zone": ["Europe/Zurich", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in TAKEN.items() for value in values])
def test_values_beside_them_are_taken(name: str, value: str, env: Load) -> None:
    assert getattr(env(**{variable(name): value}), name) != FIELDS[name].default or value in ("0", "off")


def test_a_pattern_without_a_number_is_refused_with_one_that_has_it(env: Load) -> None:
    (line,) = lines_of(env, PORTICO_INVOICE_NUMBER="RE-{year}")
    assert line == "PORTICO_INVOICE_NUMBER: must contain {number} once, with or without its digits, as in {number:06}; write INV-{year}-{number:06}."


STRIPE = {"PORTICO_STRIPE_SECRET_KEY": "sk_live_1", "PORTICO_STRIPE_PUBLISHABLE_KEY": "pk_live_1"}


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        (STRIPE | {"PORTICO_STRIPE_PUBLISHABLE_KEY": "pk_test_1"}, "PORTICO_STRIPE_PUBLISHABLE_KEY"),
        (STRIPE | {"PORTICO_STRIPE_SECRET_KEY": "rk_test_1"}, "PORTICO_STRIPE_PUBLISHABLE_KEY"),
        ({"PORTICO_S3_BUCKET": "files", "PORTICO_S3_ACCESS_KEY": MARK}, "PORTICO_S3_ACCESS_KEY"),
        ({"PORTICO_S3_BUCKET": "files", "PORTICO_S3_SECRET_KEY": MARK}, "PORTICO_S3_ACCESS_KEY"),
        ({"PORTICO_SMTP_HOST": "h", "PORTICO_SMTP_USER": MARK}, "PORTICO_SMTP_USER"),
        ({"PORTICO_MERCHANT_CITY": MARK}, "PORTICO_MERCHANT_COUNTRY"),
        ({"PORTICO_MERCHANT_POSTAL_CODE": "N1 1AA"}, "PORTICO_MERCHANT_COUNTRY"),
        ({"PORTICO_SMTP_HOST": "h", "PORTICO_SMTP_PASSWORD": MARK}, "PORTICO_SMTP_USER"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(variables: dict[str, str], names: str, env: Load) -> None:
    (line,) = lines_of(env, **variables)
    assert line.startswith(f"{names}: ")
    assert MARK not in line


def test_settings_that_agree_are_taken(env: Load) -> None:
    pairs = {"PORTICO_S3_BUCKET": "files", "PORTICO_S3_ACCESS_KEY": "a", "PORTICO_S3_SECRET_KEY": "b", "PORTICO_SMTP_HOST": "h"}
    assert env(**STRIPE, **pairs, PORTICO_SMTP_USER="u", PORTICO_SMTP_PASSWORD="p").smtp_user == "u"
    assert env(PORTICO_STRIPE_SECRET_KEY="sk_1", PORTICO_S3_BUCKET="files").s3_bucket == "files"


def test_the_example_is_current_and_has_every_setting_once(root: Path) -> None:
    text = (root / ".env.example").read_text(encoding="utf-8")
    assert text == env_example.text(), "run `./portico settings > .env.example`"
    assert sorted(re.findall(r"^#PORTICO_(\w+)=", text, re.MULTILINE)) == sorted(name.upper() for name in FIELDS)
    assert max(map(len, text.split("\n"))) <= 120
    assert all(setting.description for setting in FIELDS.values())
    assert set(env_example.SECTIONS) <= set(FIELDS)


def test_every_line_of_the_example_is_a_right_value_and_a_default_is_the_default(env: Load) -> None:
    lines = dict(line[1:].split("=", 1) for line in env_example.text().split("\n") if line.startswith("#PORTICO_"))
    loaded = env(**lines | OTHER_HALVES)
    assert [name for name, setting in FIELDS.items() if setting.default not in (None, "", ()) and getattr(loaded, name) != setting.default] == []
    assert {name for name in SECRETS if lines[variable(name)] == ""} == {
        "secret",
        "previous_secret",
        "next_secret",
        "throttle_secret",
        "token_secret",
        "s3_secret_key",
        "smtp_password",
        "metrics_secret",
    }


NAME = re.compile(r"PORTICO_[A-Z0-9_]*[A-Z0-9](?![A-Z0-9_]*(?:…|\*|\{))")


def test_the_documentation_names_no_setting_that_does_not_exist(root: Path) -> None:
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    names = {(name, page.name) for page in pages for name in NAME.findall(page.read_text(encoding="utf-8"))}
    assert len(names) > 20
    unknown = {(name, page) for name, page in names if name.removeprefix(PREFIX).lower() not in FIELDS}
    assert {(name, page) for name, page in unknown if not (name.startswith("PORTICO_TEST_") and page == "testing.md")} == set()


def rows_of(text: str) -> list[str]:
    """The names in the first column of tables of settings, some of them cut short: S3_…, …_SECONDS."""
    tables = re.findall(r"^\| *setting[^\n]*\n\|[-| :]+\|\n((?:\|[^\n]*\n)+)", text, re.MULTILINE | re.IGNORECASE)
    return [name.removeprefix(PREFIX) for table in tables for row in table.splitlines() for name in re.findall(r"`([A-Z0-9_…]+)`", row.split("|")[1])]


def test_tables_of_settings_name_only_settings(root: Path) -> None:
    rows = [name for page in (root / "README.md", *(root / "docs").glob("*.md")) for name in rows_of(page.read_text(encoding="utf-8"))]
    assert rows
    known = " ".join(name.upper() for name in FIELDS)
    assert [name for name in rows if not re.search(rf"(?<!\S){name.replace('…', '[A-Z0-9_]+')}(?!\S)", known)] == []


def test_tests_and_benchmarks_use_names_of_settings_or_their_own_prefix(root: Path) -> None:
    files = [*(root / "bench").rglob("*.py"), *(root / "tests").rglob("*.py"), root / "Makefile", *(root / ".ci").glob("*")]
    names = {name for file in files if file != Path(__file__) for name in NAME.findall(file.read_text(encoding="utf-8"))}
    unknown = {name for name in names if name.removeprefix(PREFIX).lower() not in FIELDS}
    assert {name for name in unknown if not name.startswith("PORTICO_TEST_")} == set()
    assert "PORTICO_TEST_REQUIRE" in unknown


def test_a_process_with_wrong_settings_says_a_line_for_each_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    wrong = {"PORTICO_PRT": "1", "PORTICO_THROTTLE_URL": f"{MARK}", "PORTICO_MAIL_FROM": MARK, "PORTICO_TRUSTED_PROXIES": f'["{MARK}"]'}
    environment = os.environ | wrong | {"PORTICO_DATA_DIR": str(tmp_path / "data")}
    ended = preloaded.run(["serve"], cwd=root, env=environment, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 4)
    assert [name for name in wrong if f"{name}: " not in ended.stderr] == []
    assert MARK not in ended.stderr
    assert not INSIDES.search(ended.stderr)
    assert list(tmp_path.iterdir()) == []
