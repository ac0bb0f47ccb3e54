"""An S3 over HTTP on this machine, made anew for a test run."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

BUCKET = "portico-files"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}


class Store:
    """The server, and what is in it, seen by another client than ours."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.client = boto3.client("s3", endpoint_url=self.url, config=Config(s3={"addressing_style": "path"}), **KEYS)

    def settings(self, port: int | None = None) -> dict[str, object]:
        endpoint = f"http://127.0.0.1:{port or self.port}"
        return {"s3_bucket": BUCKET, "s3_endpoint": endpoint, "s3_access_key": "key", "s3_secret_key": "secret", "s3_path_style": True}

    def keys(self) -> set[str]:
        found = {item["Key"] for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET) for item in page.get("Contents", ())}
        return found | {f"unfinished {item['Key']}" for item in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())}

    def empty(self) -> None:
        for item in self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()):
            self.client.abort_multipart_upload(Bucket=BUCKET, Key=item["Key"], UploadId=item["UploadId"])
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)


@pytest.fixture(scope="session")
def store() -> Iterator[Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    found = Store(server.get_host_and_port()[1])
    found.client.create_bucket(Bucket=BUCKET)
    yield found
    server.stop()
