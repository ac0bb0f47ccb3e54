"""The files of deploy/: each is valid by its schema, and names settings, commands and paths that exist."""

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from gateway.cli.main import cli
from gateway.wiring.configuration.environment import unknown_names
from gateway.wiring.configuration.settings import Settings
from tests.conftest import needs
from tests.deploy.image import CONTAINERFILE, environment, stages

DEPLOY = CONTAINERFILE.parent
COMPOSE = DEPLOY / "compose.yaml"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
HEALTH = {"/livez", "/readyz"}
IMAGE = environment(stages(CONTAINERFILE.read_text())[-1])
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?::?([?-])([^}]*))?\}")


class UniqueKeys(yaml.SafeLoader):
    """A loader that refuses a key that a mapping has twice."""


def _mapping(loader: UniqueKeys, node: yaml.MappingNode) -> Any:
    keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
    assert len(keys) == len(set(keys)), f"a key stands twice among {keys}"
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


UniqueKeys.add_constructor("tag:yaml.org,2002:map", _mapping)


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.load_all(path.read_text(), UniqueKeys))


def module(name: str) -> Path:
    """Return the folder of a package with schemas. Without it the test is skipped, or fails where PORTICO_TEST_REQUIRE=all."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        reason = f"needs {name}: it is in requirements-dev.lock"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    return Path(spec.origin).parent


@cache
def commands() -> dict[str, Any]:
    return typer.main.get_command(cli).commands  # type: ignore[attr-defined]


def accepted(settings: dict[str, str]) -> Settings:
    """Return the settings of these variables. Each exists and has a valid value."""
    assert unknown_names(settings, Settings.model_fields) == []
    return Settings(**{name.removeprefix("PORTICO_").lower(): value for name, value in settings.items() if name.startswith("PORTICO_")})


# compose


def composed() -> dict[str, Any]:
    (project,) = documents(COMPOSE)
    return project


def values() -> dict[str, str]:
    """Return the example's variables, with a value for each."""
    lines = (DEPLOY / "compose" / "env.example").read_text().splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    numbers = itertools.count(10)
    others = {
        "PORTICO_MERCHANT_COUNTRY": "GB",
        "PORTICO_MERCHANT_POSTAL_CODE": "N1 1AA",
        "PORTICO_MAIL_FROM": "Example <billing@example.com>",
        "PORTICO_STRIPE_SECRET_KEY": "sk_live_1",
        "PORTICO_STRIPE_PUBLISHABLE_KEY": "pk_live_1",
        "PORTICO_STRIPE_WEBHOOK_SECRET": "whsec_1",
    }
    return {name: value or others.get(name) or f"k3w9zq7m5x2c8v4b6n1p0{next(numbers)}jhgfdsrty" for name, value in named.items()}


def substituted(text: str) -> str:
    named = values()
    return VARIABLE.sub(lambda match: named[match[1]] if named.get(match[1]) else match[3] or "", text)


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, service in composed()["services"].items():
        if service["image"].startswith("${IMAGE"):
            yield name, service


def test_the_compose_file_is_valid_by_the_schema_of_compose() -> None:
    schema = module("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(composed())


def test_the_compose_file_has_each_part_and_refers_to_what_it_has() -> None:
    project = composed()
    assert set(project["services"]) == {"caddy", "gateway-1", "gateway-2", "worker", "migrate", "postgres", "pgbouncer", "valkey", "s3"}
    for name, service in project["services"].items():
        assert set(service.get("depends_on", {})) <= set(project["services"]), name
        assert set(service["networks"]) <= set(project["networks"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in project["volumes"] or source.startswith("${SIGNING_KEYS") or (DEPLOY / source).is_file(), (name, volume)
        for other, condition in service.get("depends_on", {}).items():
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in project["services"][other], (name, other)
    assert [name for name, service in project["services"].items() if "ports" in service] == ["caddy"], "only the proxy is reached from outside"


def test_each_variable_of_the_compose_file_is_in_the_example_and_the_other_way_round() -> None:
    used = {match[1] for match in VARIABLE.finditer(COMPOSE.read_text())}
    assert used == set(values())


@pytest.mark.parametrize("name", [name for name, _ in services()])
def test_the_services_of_compose_have_settings_and_commands_that_exist(name: str) -> None:
    service = dict(services())[name]
    assert service["command"][0] in commands()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    settings = accepted(IMAGE | {key: substituted(value) for key, value in service["environment"].items()})
    assert settings.is_production
    assert settings.app_database_url
    assert "@pgbouncer:6432/" in settings.app_database_url
    if name != "migrate":
        port = settings.worker_port if name == "worker" else settings.port
        (url,) = re.findall(rf"http://127\.0\.0\.1:{port}(/\w+)", " ".join(service["healthcheck"]["test"]))
        assert url in HEALTH
        grace = settings.drain_seconds + settings.shutdown_seconds
        assert int(service["stop_grace_period"].removesuffix("s")) > grace


def test_optional_variables_of_the_compose_file_may_be_empty() -> None:
    for _, service in services():
        optional = {key: "" for key, value in service["environment"].items() if VARIABLE.fullmatch(value) and ":-" in value}
        assert len(optional) > 5
        accepted(optional)


def test_the_compose_file_needs_nothing_that_podman_compose_ignores() -> None:
    project = composed()
    assert set(project) == {"name", "x-portico", "x-gateway", "services", "networks", "volumes"}, "it ignores `configs` with a content"


def test_services_of_compose_are_ready_when_they_say_so_and_end_when_they_are_told() -> None:
    parts = composed()["services"]
    assert "--host=127.0.0.1" in parts["postgres"]["healthcheck"]["test"], "by the socket the server answers that only makes the database"
    assert parts["pgbouncer"]["stop_signal"] == "SIGINT", "after SIGTERM, versions from 1.23 on wait for every client"
    (bucket,) = parts["s3"]["command"]
    assert "--vfs-write-back 0s" in bucket, "without it a file is acknowledged 5 seconds before it is in the volume"
    assert re.fullmatch(r"docker\.io/library/postgres:\d+-\w+", parts["postgres"]["image"]), "its distribution has the order of texts"


def test_the_pooler_of_compose_reads_the_users_that_its_container_writes(tmp_path: Path) -> None:
    service = composed()["services"]["pgbouncer"]
    (settings,) = [volume.split(":")[1] for volume in service["volumes"]]
    (command,) = service["command"]
    (users,) = re.findall(r"^auth_file = (\S+)$", (DEPLOY / "compose" / "pgbouncer.ini").read_text(), re.MULTILINE)
    assert users.startswith(f"{service['tmpfs'][0].partition(':')[0]}/")
    assert "$" not in command.replace("$$", ""), "compose would write the password into the command, which anybody on the machine may list"
    script = command.replace("$$", "$").replace(f"exec /usr/bin/pgbouncer {settings}", f"cat {users}")
    written = subprocess.run(
        ["sh", "-c", script.replace(users, "users.txt")], cwd=tmp_path, env={"APP_PASSWORD": "k3w9"}, capture_output=True, text=True, check=True
    )
    assert written.stdout == '"portico_app" "k3w9"\n'
    assert (tmp_path / "users.txt").stat().st_mode & 0o077 == 0


def test_poolers_and_the_bucket_of_compose_are_the_ones_of_the_settings() -> None:
    settings = accepted({key: substituted(value) for key, value in dict(services())["gateway-1"]["environment"].items()})
    pooler = (DEPLOY / "compose" / "pgbouncer.ini").read_text()
    assert "pool_mode = transaction" in pooler
    assert int(re.findall(r"^max_prepared_statements = (\d+)$", pooler, re.MULTILINE)[0]) >= 100
    assert "listen_port = 6432" in pooler
    assert f"mkdir -p /data/{settings.s3_bucket} " in composed()["services"]["s3"]["command"][0]
    assert str(settings.s3_endpoint).rstrip("/") == "http://s3:9000"
    role = DEPLOY / "compose" / "application-role.sh"
    assert role.stat().st_mode & 0o111
    assert "portico_app" in role.read_text()
    subprocess.run(["sh", "-n", role], check=True)


def test_the_proxy_of_compose_is_valid_and_hides_the_health_checks() -> None:
    text = (DEPLOY / "compose" / "Caddyfile").read_text()
    assert set(re.findall(r"@health path (.*)", text)[0].split()) == HEALTH
    assert "health_uri /readyz" in text
    if shutil.which("caddy") is None:  # compose is run where there is an image of it
        return
    named = os.environ | {"HOST_NAME": "portal.example.com", "FILES_HOST_NAME": "files.example.com", "UPSTREAMS": "gateway-1:8000 gateway-2:8000"}
    command = ["caddy", "adapt", "--adapter", "caddyfile", "--config", str(DEPLOY / "compose" / "Caddyfile")]
    adapted = subprocess.run(command, env=named, capture_output=True, text=True, timeout=30)
    assert adapted.returncode == 0, adapted.stderr
    assert '"dial":"gateway-2:8000"' in adapted.stdout


# Kubernetes


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in MANIFESTS:
        for manifest in documents(path):
            if "template" in manifest.get("spec", {}):
                yield manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]


def test_the_manifests_are_valid_by_the_schemas_of_kubernetes() -> None:
    module("kubernetes_validate")
    import kubernetes_validate

    manifests = [manifest for path in MANIFESTS for manifest in documents(path)]
    assert len(manifests) == 10
    for manifest in manifests:
        kubernetes_validate.validate(manifest, "1.33", strict=True)


def data(kind: str) -> dict[str, dict[str, str]]:
    """Return what the ConfigMaps or Secrets hold, by their names."""
    manifests = [manifest for path in MANIFESTS for manifest in documents(path) if manifest["kind"] == kind]
    return {manifest["metadata"]["name"]: manifest.get("data") or manifest["stringData"] for manifest in manifests}


def test_the_manifests_name_settings_that_exist_and_hold_no_secret() -> None:
    for name, held in data("ConfigMap").items():
        accepted(held)
        assert not {key for key in held if re.search("SECRET|PASSWORD|DATABASE_URL", key)}, name
    for name, held in data("Secret").items():
        assert set(held.values()) == {""}, "an example has no value that would be copied"
        if name != "portico-signing-keys":
            assert unknown_names(held, Settings.model_fields) == []


@pytest.mark.parametrize("name", [name for name, _ in pods()])
def test_pods_are_hardened_and_refer_to_what_there_is(name: str) -> None:
    pod = dict(pods())[name]
    (container,) = pod["containers"]
    assert container["args"][0] in commands()
    assert pod["enableServiceLinks"] is False, "a Service called portico would set PORTICO_PORT"
    assert pod["securityContext"]["runAsNonRoot"] is True
    (user,) = [one.text for one in stages(CONTAINERFILE.read_text())[-1] if one.name == "USER"]
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == user
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    held = data("ConfigMap") | data("Secret")
    assert {next(iter(source.values()))["name"] for source in container["envFrom"]} <= held.keys()
    assert {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume} <= held.keys()
    ports = {port["name"] for port in container.get("ports", [])}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        if probe in container:
            assert container[probe]["httpGet"]["path"] in HEALTH
            assert container[probe]["httpGet"]["port"] in ports
    variables = {one["name"]: one["value"] for one in container.get("env", [])}
    accepted(IMAGE | data("ConfigMap")["portico-settings"] | variables)


def test_a_pod_of_the_server_has_time_to_drain_and_the_budget_selects_it() -> None:
    pod = dict(pods())["portico-gateway"]
    settings = accepted(IMAGE | data("ConfigMap")["portico-settings"])
    (container,) = pod["containers"]
    (waits,) = re.findall(r"time\.sleep\((\d+)\)", " ".join(container["lifecycle"]["preStop"]["exec"]["command"]))
    assert pod["terminationGracePeriodSeconds"] > int(waits) + settings.drain_seconds + settings.shutdown_seconds
    failures = container["readinessProbe"]["periodSeconds"] * container["readinessProbe"]["failureThreshold"]
    assert settings.drain_seconds > failures, "the pod is out of the balancer before it stops listening"
    for path in ("gateway.yaml", "worker.yaml"):
        manifests = {manifest["kind"]: manifest for manifest in documents(DEPLOY / "kubernetes" / path)}
        labels = manifests["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
        for kind in ("Deployment", "PodDisruptionBudget"):
            assert manifests[kind]["spec"]["selector"]["matchLabels"].items() <= labels
        assert manifests.get("Service", {"spec": {"selector": {}}})["spec"]["selector"].items() <= labels


# systemd


def sections(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Parse a unit: sections, and assignments of which a name may stand several times."""
    parsed: dict[str, list[tuple[str, str]]] = {}
    section = ""
    for line in path.read_text().splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            section = match[1]
            parsed[section] = []
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            parsed[section].append((name, value))
    return parsed


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_a_command_that_exists_with_time_to_end(unit: Path) -> None:
    service = dict(sections(unit)["Service"])
    program, command = shlex.split(service["ExecStart"])
    assert program == "/opt/portico/portico"
    assert command in commands()
    assert service["User"] == "portico"
    settings = Settings()
    assert int(service["TimeoutStopSec"]) > settings.drain_seconds + settings.shutdown_seconds
    assert ("Install" in sections(unit)) == (command != "migrate")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_accepts_a_unit_and_calls_it_protected(unit: Path, tmp_path: Path) -> None:
    program = needs("systemd-analyze")
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/portico/portico", "/bin/true"))
    verified = subprocess.run([program, "verify", str(copy)], capture_output=True, text=True, timeout=60)
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run([program, "security", "--offline=true", "--threshold=20", str(copy)], capture_output=True, text=True, timeout=60)
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]
