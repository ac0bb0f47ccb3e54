"""Which tests run by day: the parts of several seeds are everything, and the documentation names what runs in CI or completely at night only."""

import itertools
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import depth, selection

CASES = [f"tests/test_it.py::test_something[{number}]" for number in range(200)]


def item(identifier: str, *parts: int) -> Any:
    mark = SimpleNamespace(args=parts)
    return SimpleNamespace(nodeid=identifier, get_closest_marker=lambda name: mark if parts and name == "in_turns" else None)


def having_turns(monkeypatch: pytest.MonkeyPatch, seed: int, *parts: int, profile: str = "ci") -> list[str]:
    monkeypatch.setattr(selection, "SEED", seed)
    monkeypatch.setattr(depth, "PROFILE", profile)
    return [identifier for identifier in CASES if selection._has_turn(item(identifier, *parts))]


def test_every_case_has_its_turn_with_one_seed_of_as_many_as_there_are_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [having_turns(monkeypatch, seed, 3) for seed in (739_000, 739_001, 739_002)]
    assert sorted(itertools.chain(*parts)) == sorted(CASES)
    assert all(40 < len(part) < 95 for part in parts)
    assert having_turns(monkeypatch, 739_000, 3, profile="dev") == parts[0]


def test_in_the_profile_dev_each_case_of_a_database_or_a_server_runs_on_one_of_three_days(monkeypatch: pytest.MonkeyPatch) -> None:
    def case(identifier: str, kind: str) -> Any:
        return SimpleNamespace(nodeid=identifier, callspec=None, get_closest_marker=lambda name: name == kind)

    def omitted(seed: int, profile: str = "dev") -> list[str]:
        monkeypatch.setattr(selection, "SEED", seed)
        monkeypatch.setattr(depth, "PROFILE", profile)
        return [item.nodeid for item in selection._of_other_days(cases)]

    several = [case(identifier, "http") for identifier in CASES[:7]]
    cases = [*several, case("test_two[a]", "db"), case("test_two[b]", "db"), *(case(f"test_values[{number}]", "unit") for number in range(9))]
    days = [set(CASES[:7]).difference(omitted(seed)) for seed in (739_000, 739_001, 739_002)]
    assert sorted(itertools.chain(*days)) == CASES[:7]
    assert all(len(day) in (2, 3) for day in days)
    assert set(omitted(1)) <= set(CASES[:7])
    assert omitted(1, "ci") == omitted(1, "nightly") == []


def test_in_the_profile_dev_a_slow_file_runs_on_three_days_of_nine_and_any_other_every_day(monkeypatch: pytest.MonkeyPatch) -> None:
    def omitted(seed: int) -> set[Path]:
        monkeypatch.setattr(selection, "SEED", seed)
        return {path for path in files if selection._is_of_another_day(path)}

    files = list(selection.TESTS.rglob("*.py"))
    slow = {path for path in files if path.stem.startswith("test_") and (set(path.parts) & {"journeys", "lifecycle", "faults"} or path.stem == "test_limits")}
    days = [omitted(seed) for seed in range(739_000, 739_012)]
    assert len(slow) > 150
    assert all(len(slow) * 0.5 < len(day & slow) < len(slow) * 0.8 for day in days)
    for first in range(4):  # whatever the first day, each has run after nine, on three days that follow one another
        assert slow & set.intersection(*days[first : first + 9]) == set()
    runs = ["".join("x" if path in day else "r" for day in days[2:]) for path in slow]
    assert all(re.fullmatch("(r{0,3}x{6})?r{0,3}x{0,6}r{0,3}|x{0,6}r{3}x{0,6}", run) for run in runs), runs
    assert {path for path in files if path.stem in ("test_blocks", "test_selection", "conftest", "calling")} & set.union(*days) == set()


def test_without_the_mark_and_at_night_every_case_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert having_turns(monkeypatch, 1) == having_turns(monkeypatch, 1, 3, profile="nightly") == CASES


def test_numbers_of_generated_cases_take_turns_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def numbers(seed: int, profile: str = "ci") -> list[int]:
        monkeypatch.setattr(depth, "SEED", seed)
        monkeypatch.setattr(depth, "PROFILE", profile)
        return list(depth.in_turns(10, 3))

    assert sorted(numbers(7) + numbers(8) + numbers(9)) == list(range(10))
    assert numbers(7, "nightly") == list(range(10))


@pytest.mark.parametrize(
    ("arguments", "is_of_all"), [([], True), (["tests"], True), (["."], True), (["tests/portal"], False), (["tests", "tests/portal/test_build.py"], False)]
)
def test_a_run_that_names_a_folder_or_a_file_leaves_nothing_to_ci(root: Path, arguments: list[str], is_of_all: bool) -> None:
    config: Any = SimpleNamespace(args=arguments, invocation_params=SimpleNamespace(dir=root))
    assert selection._is_of_all_tests(config) is is_of_all


def test_what_is_left_to_ci_exists_and_is_named_in_the_documentation(root: Path) -> None:
    page = (root / "docs/testing.md").read_text(encoding="utf-8")
    for name in selection.LEFT_TO_CI:
        path = root / "tests" / name
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
        assert Path(name).name in page, name
        assert selection._is_left_to_ci(path / "test_it.py" if path.is_dir() else path.with_suffix(".py"))
    assert not selection._is_left_to_ci(root / "tests/portal/test_bundle.py")


def test_a_run_of_the_profile_dev_says_how_many_files_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lines(profile: str, *arguments: str) -> list[str]:
        monkeypatch.setattr(selection, "PROFILE", profile)
        config = SimpleNamespace(
            args=arguments,
            getoption=lambda name: None,
            invocation_params=SimpleNamespace(dir=selection.TESTS.parent),
            pluginmanager=SimpleNamespace(has_plugin=lambda name: False),
        )
        reporter: Any = SimpleNamespace(config=config, verbosity=-1, write_line=(written := []).append)
        selection.pytest_terminal_summary(reporter)
        return [line for line in written if line.startswith("not run: ")]

    (line,) = lines("dev")
    assert len(selection.LEFT_TO_CI) < int(line.split()[2]) < 500
    assert lines("ci") == lines("nightly") == lines("dev", "tests/portal") == []


def test_every_test_has_one_of_the_three_kinds(request: pytest.FixtureRequest) -> None:
    for each in request.session.items:
        assert len({mark.name for mark in each.iter_markers()} & {"unit", "db", "http"}) == 1, each.nodeid


def test_every_file_that_is_listed_exists(root: Path) -> None:
    names = {path.stem for path in (root / "tests").rglob("test_*.py")}
    assert {*selection.FIRST, *selection.SLOW_FILES, *selection.HTTP_FILES} - names == set()


def test_the_documentation_names_every_file_that_has_more_cases_at_night(root: Path) -> None:
    page = (root / "docs/testing.md").read_text(encoding="utf-8")
    mechanisms = re.compile(r"\bby_depth\(|\bin_turns\(|\bIS_LONG\b|\bIS_NIGHT\b")
    files = [path for path in (root / "tests").rglob("test_*.py") if path != Path(__file__) and mechanisms.search(path.read_text(encoding="utf-8"))]
    assert len(files) > 10
    assert [path.name for path in files if path.name not in page] == []
