"""The structure of the tree: sizes of rooms (folders), modules and functions, the arrows between rooms, where the driver and SQL are, and names of classes."""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["root_packages"]
ROOM_FILES = 15
MODULE_LINES = 300
FUNCTION_LINES = 40
# Rooms that may be larger: their files are revisions, which are appended and never moved.
LARGE_ROOMS = ("db/migrations",)
GENERATED = {"node_modules", "dist", "__pycache__", "__generated__"}
# Postgres' SQL outside of db/: the planner composes blocks to statements, the demo's rows are loaded by the seeder as the owner of the tables.
MAY_HAVE_SQL = {"planner", "demo"}
# Statements of SQLite, in which the sandbox keeps what a real processor would keep.
MAY_HAVE_SQL_FILES = {"payments/sandbox_ledger.py"}
SQL = re.compile(r"^\s*(select [a-z_$*(]|insert into |update [a-z_]+ set |delete from |(alter|create|grant) [a-z]|set local |truncate )")
# A value and the GraphQL type that presents it, which is not a row.
SAME_VALUE = {"Money": "an amount and a currency", "Viewer": "who sends the request"}


def files_of(folder: str, *suffixes: str) -> Iterator[Path]:
    for path in sorted((ROOT / folder).rglob("*")):
        if path.suffix in suffixes and not GENERATED & set(path.parts):
            yield path


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules() -> list[Path]:
    return [path for package in PRODUCT for path in files_of(package, ".py")]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(module: str) -> str | None:
    """The folder of a module of ours; None for a package, which is its `__init__.py`, and for what is not ours."""
    path = ROOT / f"{module.replace('.', '/')}.py"
    return name_of(path.parent) if path.is_file() else None


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_room_has_more_than_15_files() -> None:
    sizes = Counter(
        name_of(path.parent) for folder in (*PRODUCT, "bench", "tests") for path in files_of(folder, ".py", ".sql", ".graphql") if path.name != "__init__.py"
    )
    assert sizes["db"] > 5
    large = {room: size for room, size in sizes.items() if size > ROOM_FILES and not room.startswith(LARGE_ROOMS)}
    assert large == {}, f"a folder has at most {ROOM_FILES} files: put the new one into a folder below, or what it has into a file of the same subject"


def test_no_module_has_more_than_300_lines() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: count for name, count in lines.items() if count > MODULE_LINES} == {}, "divide the module by subject"


def test_no_function_has_more_than_40_lines() -> None:
    functions = [(name_of(path), node) for path in modules() for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(functions) > 1000
    assert [f"{name}: {node.name}" for name, node in functions if (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES] == [], "divide the function"


def test_no_rooms_import_each_other_in_a_circle() -> None:
    way = circle(arrows())
    assert way is None, f"these folders import each other: {' → '.join(way)}. Move what both need into a folder that both may import"


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) is None


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports from. An `__init__.py` and a
    `__main__.py` are left out: they stand for the whole package, below it or above it."""
    targets: dict[str, set[str]] = defaultdict(set)
    for path in modules():
        room = name_of(path.parent)
        if path.name not in ("__init__.py", "__main__.py") and not room.startswith(LARGE_ROOMS):
            targets[room] |= {other for module in imports_of(path) if (other := room_of(module)) and other != room}
    return targets


def circle(arrows: dict[str, set[str]]) -> list[str] | None:
    """The first circle, as the rooms on the way round; None if there is none."""
    done: set[str] = set()

    def walk(room: str, way: list[str]) -> list[str] | None:
        if room in way:
            return [*way[way.index(room) :], room]
        if room in done:
            return None
        for other in sorted(arrows.get(room, ())):
            if round_trip := walk(other, [*way, room]):
                return round_trip
        done.add(room)
        return None

    return next((way for room in sorted(arrows) if (way := walk(room, []))), None)


def test_only_db_has_sql() -> None:
    outside = [path for path in modules() if path.relative_to(ROOT).parts[0] not in MAY_HAVE_SQL | {"db"} and name_of(path) not in MAY_HAVE_SQL_FILES]
    assert [f"{name_of(path)}:{line}" for path in outside for line in lines_with_sql(tree_of(path))] == [], "write a block in db/sql, and call it by its name"


@pytest.mark.parametrize("text", ["select id from customer", "set local app.actor = 'STAFF'", "\n  update invoice set status = $1"])
def test_sql_is_found(text: str) -> None:
    assert list(lines_with_sql(ast.parse(f"sql = {text!r}"))) == [1]


def test_sentences_are_no_sql() -> None:
    assert list(lines_with_sql(ast.parse('text = "Set the name. Select one, and Delete the rest."'))) == []


def lines_with_sql(tree: ast.Module) -> Iterator[int]:
    return (node.lineno for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value))


def test_public_classes_have_names_of_their_own() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in modules():
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name_of(path))
    shared = {name for name, paths in places.items() if len(paths) > 1}
    assert shared == set(SAME_VALUE), "two classes with one name"
