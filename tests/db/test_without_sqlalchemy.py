"""The pool's library is imported without SQLAlchemy, and whoever needs SQLAlchemy gets it."""

import subprocess
import sys
from pathlib import Path

import pytest

OPENED = """
from db.pool import Database, Pool
assert type(Database("postgresql://nobody@127.0.0.1:1/none", Pool(1), server_settings={})._backend).__name__ == "PostgresBackend"
"""
USED = 'import sqlalchemy\nassert str(sqlalchemy.text("select 1")) == "select 1"\nfrom sqlalchemy.dialects.postgresql import base\nassert base.PGDialect.name == "postgresql"'


@pytest.mark.parametrize(
    "program",
    [
        f"import sys\n{OPENED}\nassert 'sqlalchemy' not in sys.modules, 'it is imported'",
        f"{OPENED}\n{USED}",
        f"{USED}\n{OPENED}\nimport databases.core\nassert databases.core.ClauseElement is sqlalchemy.sql.ClauseElement",
        f"{OPENED}\nimport db.deployment.migrate",
    ],
    ids=["the pool has a backend", "it can be imported afterwards", "it can be imported before", "migrations use it"],
)
def test_the_pool_needs_no_sqlalchemy(root: Path, program: str) -> None:
    ended = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
