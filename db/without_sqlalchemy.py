"""Import the pool's library without SQLAlchemy, which takes a fifth of a server's start. `databases` uses it for queries that SQLAlchemy builds; we have none."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAME = "sqlalchemy"


class Placeholder(type):
    """The metaclass of placeholders: each attribute is a placeholder too, and a call returns an empty object."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __call__(cls, *_: object, **__: object) -> Any:
        return super().__call__()


class PlaceholderModule(ModuleType):
    """A module from which any name can be imported. It is a package, so that any module below it can be imported as well."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Placeholder(name, (), {})


class PlaceholderFinder(MetaPathFinder, Loader):
    """Finds SQLAlchemy's modules, and gives placeholders for them."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] == NAME else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


@contextmanager
def without_sqlalchemy() -> Iterator[None]:
    """Within the context, modules that import SQLAlchemy get placeholders, unless SQLAlchemy is imported already. Whoever imports it later gets SQLAlchemy."""
    if NAME in sys.modules:
        yield
        return
    finder = PlaceholderFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
            del sys.modules[name]
