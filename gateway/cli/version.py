"""The version of this program, from pyproject.toml."""

from pathlib import Path

import typer

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def show(is_set: bool) -> None:
    """Print the version and exit, if the option is set."""
    if is_set:
        import tomllib  # here, so that help does without it

        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        print(project["name"], project["version"])
        raise typer.Exit
