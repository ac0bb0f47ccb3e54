"""Dataclasses whose methods are compiled on use behave as others do, and a command declares its own so."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field
from operator import lt
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.lazy_dataclasses import compile_methods_on_use

METHODS = ("__repr__", "__eq__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__", "__setattr__", "__delattr__")
is_eager = pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 compiles the methods of a class together")


def declared() -> tuple[type[Any], type[Any], type[Any]]:
    """Return three new classes: with slots, of values; one below it; and one that changes."""

    @dataclass(frozen=True, slots=True, order=True)
    class Point:
        x: int
        y: int = 2
        note: str = field(default="", compare=False)

    @dataclass(frozen=True)
    class Named(Point):
        name: str = "a"

    @dataclass(kw_only=True)
    class Changing:
        values: list[Any] = field(default_factory=list)

    return Point, Named, Changing


@pytest.fixture
def lazy(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[type[Any], type[Any], type[Any]]]:
    monkeypatch.setattr(dataclasses, "_create_fn", getattr(dataclasses, "_create_fn", None), raising=False)  # restored after the test
    compile_methods_on_use()
    return declared


def raised(act: Callable[..., object], *arguments: object) -> str:
    try:
        return f"returned {act(*arguments)}"
    except (AttributeError, TypeError) as error:
        return f"{type(error).__name__}: {error}"


def behaviour(classes: tuple[type[Any], type[Any], type[Any]]) -> dict[str, Any]:
    """Return what the classes do, twice: the first call may be another one than those after it."""
    Point, Named, Changing = classes
    point, other, named, changing = Point(1), Point(1, 3, "n"), Named(1, name="b"), Changing(values=[1])
    changing.values.append(changing)

    def once() -> list[Any]:
        return [
            [repr(each).replace(str(id(each)), "") for each in (point, other, named, changing)],
            [point == Point(1, 2, "other"), point == other, point == named, named == Named(1, name="b"), point == 1, Changing() == Changing()],
            [hash(point) == hash(Point(1)), hash(named) == hash(Named(1, name="b")), raised(hash, changing), len({point, Point(1), other})],
            [point < other, point <= other, point > other, point >= other, raised(lt, point, 1), sorted([other, point]) == [point, other]],
            [raised(setattr, each, name, 5) for each in (point, named) for name in ("x", "unknown")],
            [raised(delattr, each, "x") for each in (point, named)],
            [raised(setattr, changing, "more", 1), changing.more],
            [copy.copy(point) == point, dataclasses.replace(point, x=7).x, dataclasses.asdict(named), str(Point.__doc__)],
        ]

    return {"first": once(), "again": once(), "names": [(each.__name__, method.__qualname__) for each in classes for method in [each.__eq__]]}


def test_classes_behave_as_without_it(lazy: Callable[[], tuple[type[Any], type[Any], type[Any]]], monkeypatch: pytest.MonkeyPatch) -> None:
    of_lazy = behaviour(lazy())
    monkeypatch.undo()
    assert of_lazy == behaviour(declared())
    assert of_lazy["first"] == of_lazy["again"]


@is_eager
def test_a_method_is_compiled_at_its_first_call_and_only_then(lazy: Callable[[], tuple[type[Any], type[Any], type[Any]]]) -> None:
    Point, _, _ = lazy()
    waiting = {name: vars(Point)[name] for name in METHODS}
    assert Point.__init__.__code__.co_filename == "<string>"
    assert [name for name, method in waiting.items() if method.__code__.co_filename == "<string>"] == []
    assert Point(1) == Point(1)
    with pytest.raises(FrozenInstanceError):
        Point(1).x = 2
    assert {name for name, method in waiting.items() if vars(Point)[name] is not method} == {"__eq__", "__setattr__"}
    assert vars(Point)["__eq__"].__code__.co_filename == "<string>"


@is_eager
def test_no_method_is_compiled_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """`__repr__` is called through a wrapper, so it is never replaced in its class."""
    compiled: list[str] = []
    create = dataclasses._create_fn  # type: ignore[attr-defined]

    def counted(name: str, *arguments: Any, **options: Any) -> Any:
        compiled.append(name)
        return create(name, *arguments, **options)

    monkeypatch.setattr(dataclasses, "_create_fn", counted)
    compile_methods_on_use()
    classes = declared()
    compiled.clear()
    behaviour(classes)
    of_each_class = {"__repr__": 3, "__eq__": 3, "__hash__": 2, "__lt__": 1, "__le__": 1, "__gt__": 1, "__ge__": 1, "__setattr__": 2, "__delattr__": 2}
    assert {name: compiled.count(name) for name in compiled} == of_each_class


@dataclass(frozen=True)
class Pickled:
    x: int


def test_instances_are_pickled(lazy: object) -> None:
    assert pickle.loads(pickle.dumps(Pickled(3))) == Pickled(3)


def test_a_second_call_changes_nothing(lazy: object) -> None:
    create = getattr(dataclasses, "_create_fn", None)
    compile_methods_on_use()
    assert getattr(dataclasses, "_create_fn", None) is create


STARTING = """
import dataclasses, sys, types
from gateway.cli.main import main

def start(*_):
    from payments.processor import ChargeRequest
    print("DECLARED BY", vars(ChargeRequest)["__eq__"].__code__.co_filename)

sys.modules["gateway.cli.commands.serve"] = command = types.ModuleType("serve")
command.serve = start
sys.argv = ["portico", "serve"]
main()
"""


@is_eager
def test_a_server_declares_its_classes_so(root: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", STARTING], cwd=root, capture_output=True, text=True, timeout=120, check=True)
    assert Path(ended.stdout.partition("DECLARED BY ")[2].strip()).name == "lazy_dataclasses.py"
