"""The command `import-release`."""

from pathlib import Path


def release(customer: str | None, everyone: bool, data_dir: Path | None) -> None:
    raise NotImplementedError
