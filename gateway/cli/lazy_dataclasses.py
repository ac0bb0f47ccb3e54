"""Methods of dataclasses, compiled when they are first called.

`dataclasses` compiles `__repr__`, `__eq__`, `__hash__` and more for each class, and a sixth of a server's start went into methods most of which are never called.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

Create = Callable[..., Callable[..., Any]]


def compile_methods_on_use() -> None:
    """Have dataclasses that are declared from now on compile all methods but `__init__` at the first call. Python 3.13 compiles them together, and stays as it is."""
    create = getattr(dataclasses, "_create_fn", None)
    if create and not isinstance(create, partial):
        dataclasses._create_fn = partial(_deferred, create)  # type: ignore[attr-defined]  # the standard library has no public way


def _deferred(create: Create, name: str, arguments: Any, body: Any, **options: Any) -> Callable[..., Any]:
    """Return the method, or one that puts the method in its place when it is called. A `__repr__` stays, because `dataclasses` wraps it against recursion."""
    if name == "__init__":
        return create(name, arguments, body, **options)
    compiled: list[Callable[..., Any]] = []

    def method(self: object, *values: object) -> Any:
        if not compiled:
            own = create(name, arguments, body, **options)
            own.__qualname__ = method.__qualname__
            for kind in type(self).__mro__:
                if kind.__dict__.get(name) is method:
                    setattr(kind, name, own)
            compiled.append(own)
        return compiled[0](self, *values)

    method.__name__ = name
    return method
