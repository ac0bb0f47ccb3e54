"""The image: its instructions, and where PORTICO_TEST_IMAGE names a root file system that it was built into, the program in it.

No registry of images is needed for that. As root, on Debian, with a base that debootstrap made in ./base:
  tar -C base -c . | podman import - localhost/debian:bookworm-slim
  podman build --isolation chroot --network host --build-arg BASE=localhost/debian:bookworm-slim -f deploy/Containerfile -t portico .
  PORTICO_TEST_IMAGE=$(podman image mount portico) .venv/bin/python -m pytest -n 0 tests/deploy/test_image.py
"""

import asyncio
import json
import os
import re
from pathlib import Path

import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.wiring.configuration.settings import Settings
from tests.conftest import ADA, SECRET, token
from tests.deploy.image import CONTAINERFILE, by_tcp, environment, stages, started, terminate

ROOTS = [Path(root) for root in [os.environ.get("PORTICO_TEST_IMAGE", "")] if root]
LAST = stages(CONTAINERFILE.read_text())[-1]
ALLOWED = {"ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER", "WORKDIR"}


def of(name: str) -> list[str]:
    return [one.text for one in LAST if one.name == name]


def test_the_image_runs_as_a_user_with_a_number_and_signals_arrive() -> None:
    assert {one.name for stage in stages(CONTAINERFILE.read_text()) for one in stage} <= ALLOWED
    (user,) = of("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user), "Kubernetes' runAsNonRoot needs a number"
    for name in ("ENTRYPOINT", "CMD"):
        (one,) = [instruction for instruction in LAST if instruction.name == name]
        assert one.arguments, "a shell between would not pass SIGTERM on"
    assert of("STOPSIGNAL") == ["SIGTERM"]


def test_the_last_stage_has_neither_a_compiler_nor_pip_nor_secrets() -> None:
    installed = " ".join(of("RUN"))
    assert not re.search(r"\b(build-essential|gcc|g\+\+|python3-dev|python3-pip|python3-venv|curl|git)\b", installed)
    assert [text for text in of("COPY") if not text.startswith("--from=")] == [], "the context is copied in an earlier stage only"
    assert not re.search(r"(SECRET|PASSWORD|DATABASE_URL)", CONTAINERFILE.read_text())


def test_packages_are_installed_by_hash_and_without_compiling() -> None:
    installs = [one.text for stage in stages(CONTAINERFILE.read_text()) for one in stage if one.name == "RUN" and " install --quiet" in one.text]
    assert len(installs) == 2
    for text in installs:
        for option in ("--require-hashes", "--no-deps", "--only-binary :all:"):
            assert option in text


def test_each_requirement_of_the_bill_of_materials_has_hashes(root: Path) -> None:
    lines = (root / "deploy" / "requirements-sbom.lock").read_text()
    packages = re.findall(r"^[a-z0-9][\w.-]*==", lines, re.MULTILINE)
    assert len(re.findall(r"^[a-z0-9][\w.-]*==\S+(?: ; [^\n]*)? \\\n    --hash=sha256:", lines, re.MULTILINE)) == len(packages) > 10
    assert "://" not in lines, "no host"


def test_the_image_sets_what_is_a_setting_and_its_health_check_asks_for_a_path_that_exists() -> None:
    named = {name.removeprefix("PORTICO_").lower(): value for name, value in environment(LAST).items() if name.startswith("PORTICO_")}
    assert named.keys() <= Settings.model_fields.keys()
    settings = Settings(**named)
    assert (settings.is_production, settings.host, str(settings.data_dir)) == (True, "0.0.0.0", "/var/lib/portico")
    (check,) = of("HEALTHCHECK")
    assert f"127.0.0.1:{settings.port}/livez" in check
    assert of("EXPOSE") == [str(settings.port)]


def test_what_is_built_of_is_a_list_and_has_each_package(root: Path) -> None:
    lines = [line for line in (root / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    included = {line[1:] for line in lines if line.startswith("!")}
    assert {path for path in included if not (root / path).exists()} == set()
    pyproject = (root / "pyproject.toml").read_text()
    (packages,) = re.findall(r"root_packages = \[(.*?)\]", pyproject, re.DOTALL)
    assert set(re.findall(r'"(\w+)"', packages)) <= included
    assert not {path for path in included if re.search(r"(^|/)(\.|tests|bench|portal$)", path)}


@pytest.fixture(params=ROOTS, ids=str)
def image(request: pytest.FixtureRequest) -> Path:
    return request.param


async def output(image: Path, *arguments: str, entrypoint: list[str] | None = None, **settings: str) -> tuple[int | None, str]:
    process = await started(image, *arguments, settings={f"PORTICO_{name.upper()}": value for name, value in settings.items()}, entrypoint=entrypoint)
    written, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, written.decode()


class TestBuilt:
    __test__ = bool(ROOTS)

    async def test_the_program_runs_and_says_what_production_needs(self, image: Path) -> None:
        code, written = await output(image, "--version")
        assert (code, written.split()[0]) == (0, "portico")
        code, written = await output(image, "serve")
        assert code == 1
        assert [line.partition(":")[0] for line in written.removeprefix("Error: ").splitlines()] == [
            "PORTICO_DATABASE_URL",
            "PORTICO_SIGNING_KEYS_DIR",
            "PORTICO_SECRET",
            "PORTICO_STRIPE_SECRET_KEY",
        ]

    async def test_there_is_no_compiler_and_nothing_can_be_written_but_what_may_be(self, image: Path) -> None:
        script = (
            "id -u; for name in cc gcc pip make; do command -v $name && echo found; done; for place in /x /app/x /opt/venv/x /etc/x /tmp/x /var/lib/portico/x; do "
            "if touch $place 2>/dev/null; then echo $place; fi; done"
        )
        assert await output(image, entrypoint=["/bin/sh", "-c", script]) == (0, "10001\n/tmp/x\n/var/lib/portico/x\n")

    def test_the_bill_of_materials_names_each_locked_package(self, image: Path, root: Path) -> None:
        bill = json.loads((image / "usr/share/doc/portico/sbom.cdx.json").read_text())
        named = {(one["name"].lower().replace("_", "-").replace(".", "-"), one["version"]) for one in bill["components"]}
        locked = re.findall(r"^([a-z0-9][\w.-]*)==([^ \\;]+)(?: ; ([^\\]*))?", (root / "requirements.lock").read_text(), re.MULTILINE)
        wanted = {(name.replace("_", "-").replace(".", "-"), version) for name, version, marker in locked if "win32" not in marker and "python" not in marker}
        assert wanted - named == set()
        assert bill["bomFormat"] == "CycloneDX"
        assert bill["metadata"]["component"]["name"] == "portico"

    async def test_a_server_answers_and_ends_by_itself_after_sigterm(self, image: Path, urls: Urls) -> None:
        async with by_tcp(urls.app) as url, httpx.AsyncClient(timeout=5) as client:
            settings = {
                "ENVIRONMENT": "development",
                "DATABASE_URL": url,
                "APP_DATABASE_URL": url,
                "HOST": "127.0.0.1",
                "PORT": "0",
                "DRAIN_SECONDS": "0",
                "PORTAL": "true",
                "TOKEN_SECRET": SECRET,
            }
            process = await started(image, "serve", settings={f"PORTICO_{name}": value for name, value in settings.items()})
            assert process.stdout is not None
            try:
                while not (line := (await asyncio.wait_for(process.stdout.readline(), 60)).decode()).startswith("READY"):
                    assert line, "the program has ended"
                address = line.split()[1].removesuffix("/graphql")
                for path in ("/livez", "/readyz", "/"):
                    assert (await client.get(address + path)).status_code == 200, path
                answer = await client.post(f"{address}/graphql", json={"query": "{ customer { name } }"}, headers={"Authorization": f"Bearer {token(ADA)}"})
                assert answer.json() == {"data": {"customer": {"name": "Ada Lovelace"}}}
            finally:
                terminate(process)
            rest, _ = await asyncio.wait_for(process.communicate(), 30)
            assert process.returncode == 0, rest.decode()
