"""The servers that are measured: the command of each, and its requests."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.peers import contestants
from bench.runner import portal
from bench.runner.database import ROOT, Place
from bench.runner.portal import Signer
from bench.runner.processes import Command
from bench.writes.operations import OPERATIONS, PAUSE_AND_RESUME, PROFILE, Call, Operation, body

PORTICO, HANDLER = "Portico", "Hand-written handler"


@dataclass(frozen=True, slots=True)
class WriteServer:
    """A measured server: how it is started, the request of a call, a text that each answer has, and what it can do."""

    name: str
    command: Callable[[Place, Signer], Command]
    body: Callable[[Call], str] = body
    must_contain: str = '"userErrors":[]'
    operations: tuple[Operation, ...] = OPERATIONS


def _portico(place: Place, signer: Signer) -> Command:
    command = portal.patient(portal.portico(place, signer, planner=True))
    return replace(command, environment={**command.environment, "PORTICO_UPLOAD_QUEUE_SECONDS": "30"})


def of_checkout(folder: Path) -> WriteServer:
    """Return the Portico of another checkout, over the same database."""
    return replace(OURS, name=f"Portico of {folder.name}", command=lambda place, signer: replace(_portico(place, signer), folder=folder))


def _handler(place: Place, signer: Signer) -> Command:
    return Command((sys.executable, "-m", "bench.writes.handler"), {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}, ROOT)


def storing_in(folder: Path, writer: WriteServer) -> WriteServer:
    """Return a server that stores files in a folder."""

    def command(place: Place, signer: Signer) -> Command:
        started = writer.command(place, signer)
        return replace(started, environment={**started.environment, "PORTICO_DATA_DIR": str(folder), "PEER_FOLDER": str(folder)})

    return replace(writer, command=command)


OURS = WriteServer(PORTICO, _portico)
BY_HAND = WriteServer(HANDLER, _handler)


def _strawberry(place: Place, signer: Signer) -> Command:
    variables = {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}
    return Command((sys.executable, "-m", "bench.writes.strawberry_peer"), variables, ROOT)


def _node(script: str, **more: str) -> Callable[[Place, Signer], Command]:
    def command(place: Place, signer: Signer) -> Command:
        variables = {"PEER_SOCKET": place.socket, "PEER_TOKEN_KEY": signer.public_pem, "NODE_ENV": "production", "GRAPHILE_ENV": "production", **more}
        return Command((contestants.node_binary(), script), variables, contestants.NODE)

    return command


# PostGraphile's own mutations, which update a row by its key.
PATCHES: dict[str, Callable[[Call], dict[str, Any]]] = {
    "pauseSubscription": lambda call: {"status": "PAUSED", "pausedAt": datetime.now(UTC).isoformat(), "renewsAt": None},
    "resumeSubscription": lambda call: {"status": "ACTIVE", "pausedAt": None, "renewsAt": (datetime.now(UTC) + timedelta(days=20)).isoformat()},
    "updateProfile": lambda call: {"name": call.arguments["name"]},
}
SUBSCRIPTION = """mutation ($input: UpdateContractByCustomerIdAndRowIdInput!) {
  updateContractByCustomerIdAndRowId(input: $input) { contract { id: rowId status version renewsAt } }
}"""
CUSTOMER = """mutation ($input: UpdateCustomerByRowIdInput!) { updateCustomerByRowId(input: $input) { customer { id: rowId version name } } }"""


def _patched(call: Call) -> str:
    patch = PATCHES[call.mutation](call)
    if call.mutation == "updateProfile":
        return json.dumps({"query": CUSTOMER, "variables": {"input": {"rowId": f"cus_{call.key}", "customerPatch": patch}}})
    return json.dumps({"query": SUBSCRIPTION, "variables": {"input": {"customerId": f"cus_{call.key}", "rowId": f"sub_{call.key}", "contractPatch": patch}}})


PLAIN = (PAUSE_AND_RESUME, PROFILE)
PEERS = (
    WriteServer("Strawberry, plain writes", _strawberry, operations=PLAIN),
    WriteServer("Apollo Server, plain writes", _node("apollo-writes.mjs"), operations=PLAIN),
    WriteServer("Apollo Server, tuned, plain writes", _node("apollo-writes.mjs", PEER_TUNED="1"), operations=PLAIN),
    WriteServer("PostGraphile, plain writes", _node("postgraphile-writes.mjs"), _patched, '"id":"', operations=PLAIN),
)
