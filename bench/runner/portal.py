"""Portico as a measured server, the tokens of its callers, and the requested page."""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.jwt.keys import new_pem, of_pem
from auth.jwt.tokens import OwnIssuer, sign
from auth.secret import new_secret
from auth.viewer import Viewer
from bench.runner.database import ROOT, Place
from bench.runner.processes import Command
from billing.states import Actor
from resolvers.documents.manifests import id_of

POOL = 10
SUMMARY = (ROOT / "schema" / "documents" / "Summary.graphql").read_text(encoding="utf-8")
BODY = json.dumps({"query": SUMMARY, "operationName": "Summary"})
BY_ID = json.dumps({"documentId": id_of(SUMMARY), "operationName": "Summary"})


@dataclass(frozen=True, slots=True)
class Signer:
    """The signing key of one run, in the form of `python -m gateway keys new`: a folder of private keys, and the public key for the peers."""

    issuer: OwnIssuer
    folder: Path
    public_pem: str

    def token(self, customer_id: str) -> str:
        viewer = Viewer(Actor.CUSTOMER, customer_id, ("portal",), "bench")
        return sign(viewer, self.issuer, now=datetime.now(UTC), lifetime=timedelta(days=1))


@contextmanager
def signer() -> Iterator[Signer]:
    with tempfile.TemporaryDirectory(prefix="portico-keys-") as folder:
        pem = new_pem("EdDSA")
        (Path(folder) / "bench.pem").write_bytes(pem)
        key = of_pem("bench", pem)
        public = key.verifying.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        yield Signer(OwnIssuer("portico", "portico", (key,)), Path(folder), public)


def portico(place: Place, signer: Signer, *, planner: bool, environment: str = "production") -> Command:
    variables = {
        "PORTICO_DATABASE_URL": place.admin_url,
        "PORTICO_APP_DATABASE_URL": place.app_url,
        "PORTICO_SIGNING_KEYS_DIR": str(signer.folder),
        "PORTICO_ENVIRONMENT": environment,
        "PORTICO_SECRET": new_secret(),
        "PORTICO_PORT": "0",
        "PORTICO_POOL_SIZE": str(POOL),
        "PORTICO_ACQUIRE_SECONDS": "30",  # the peers wait for a connection without a limit, so there must be no 503 here
        "PORTICO_LOG_LEVEL": "WARNING",  # the peers do not log requests
        "PORTICO_SANDBOX": "true",
        "PORTICO_DOCUMENT_MODE": "open",  # the peers are sent texts too
        "PORTICO_PLANNER": "true" if planner else "false",
    }
    return Command((sys.executable, "-m", "gateway", "serve"), variables, ROOT)


def patient(command: Command) -> Command:
    """Return the command of a Portico whose limits a load does not reach: requests wait for a place as those of the peers do, and a customer's budget is counted, but large."""
    limits = {"PORTICO_QUEUE_SECONDS": "30", "PORTICO_OPERATION_SECONDS": "60", "PORTICO_CUSTOMER_BUDGET": "1000000000"}
    return replace(command, environment={**command.environment, **limits})


def with_workers(command: Command, count: int) -> Command:
    """Return the command of Portico with this number of processes."""
    return replace(command, arguments=(*command.arguments, "--workers", str(count)))
