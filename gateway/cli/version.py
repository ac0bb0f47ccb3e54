"""The version of this program, which pyproject.toml has."""

from pathlib import Path

import typer

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def show(is_asked: bool) -> None:
    """What `--version` does."""
    if is_asked:
        import tomllib  # here, so that help does without it

        project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
        print(project["name"], project["version"])
        raise typer.Exit
