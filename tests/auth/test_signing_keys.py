"""Our own keys: the folder, its rotation, what is published, and what production refuses."""

import os
from datetime import timedelta
from pathlib import Path

import httpx
import jwt
import pytest

from auth.jwt.keys import Ours, new_pem
from auth.jwt.tokens import OwnIssuer, Tokens, sign
from billing.refusals import Unauthenticated
from gateway.wiring.app import Setup, create_app
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.issuer import issuer_of, new_key
from tests.auth.forge import NOW
from tests.conftest import ADA, ISSUER
from tests.servers import preloaded


def write_keys(folder: Path, *names: str, algorithm: Ours = "EdDSA") -> None:
    for name in names:
        (folder / name).write_bytes(new_pem(algorithm))


def production(folder: Path | None = None, **settings: object) -> Settings:
    return Settings(environment="production", signing_keys_dir=folder, **settings)


def token_of(issuer: OwnIssuer) -> str:
    return sign(ADA, issuer, now=NOW, lifetime=timedelta(hours=6))


async def holds(token: str, issuer: OwnIssuer) -> bool:
    try:
        return await Tokens(issuer).viewer_of(f"Bearer {token}", now=NOW) == ADA
    except Unauthenticated:
        return False


async def published(issuer: OwnIssuer) -> httpx.Response:
    app = create_app(Setup(Settings(), "postgresql://nobody@127.0.0.1:1/none", issuer, {}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        return await client.get("/.well-known/jwks.json")


async def test_keys_are_rotated_with_overlap(tmp_path: Path) -> None:
    write_keys(tmp_path, "2026-01.pem")
    before = issuer_of(production(tmp_path))
    old = token_of(before)
    write_keys(tmp_path, "2026-02.pem", algorithm="RS256")
    both = issuer_of(production(tmp_path))
    new = token_of(both)
    assert [jwt.get_unverified_header(token)["kid"] for token in (old, new)] == ["2026-01", "2026-02"]
    assert [await holds(token, both) for token in (old, new)] == [True, True]
    assert [await holds(token, before) for token in (old, new)] == [True, False]
    (tmp_path / "2026-01.pem").unlink()
    after = issuer_of(production(tmp_path))
    assert [await holds(token, after) for token in (old, new)] == [False, True]


async def test_an_announced_key_is_known_everywhere_before_anybody_signs_with_it(tmp_path: Path) -> None:
    write_keys(tmp_path, "2026-01.pem", "2026-02.next.pem")
    announced = issuer_of(production(tmp_path))
    assert [key.kid for key in announced.keys] == ["2026-01", "2026-02"]
    assert [key["kid"] for key in (await published(announced)).json()["keys"]] == ["2026-01", "2026-02"]
    (tmp_path / "2026-02.next.pem").rename(tmp_path / "2026-02.pem")
    signing = issuer_of(production(tmp_path))
    assert jwt.get_unverified_header(token_of(signing))["kid"] == "2026-02"
    assert await holds(token_of(signing), announced)
    assert await holds(token_of(announced), signing)


async def test_the_public_keys_are_published_and_verify_for_others(tmp_path: Path) -> None:
    write_keys(tmp_path, "a.pem")
    write_keys(tmp_path, "b.pem", algorithm="RS256")
    issuer = issuer_of(production(tmp_path))
    answer = await published(issuer)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "application/json"
    assert [(key["kid"], key["kty"], key["alg"], key["use"]) for key in answer.json()["keys"]] == [("b", "RSA", "RS256", "sig"), ("a", "OKP", "EdDSA", "sig")]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & {name for key in answer.json()["keys"] for name in key}
    key = jwt.PyJWKSet.from_dict(answer.json())["b"]
    assert jwt.decode(token_of(issuer), key, algorithms=["RS256"], audience="portico", issuer="portico")["sub"] == ADA.customer_id


async def test_a_secret_is_not_published(http: httpx.AsyncClient) -> None:
    assert (await published(ISSUER)).json() == {"keys": []}
    assert (await http.get("/.well-known/jwks.json")).json() == {"keys": []}
    assert (await http.post("/.well-known/jwks.json")).status_code == 405


@pytest.mark.parametrize("secret", [None, "a secret that is long enough for every HMAC"])
def test_production_takes_no_secret(tmp_path: Path, secret: str | None) -> None:
    with pytest.raises(WrongSetting, match=r"^PORTICO_SIGNING_KEYS_DIR: is needed in production.*keys new") as caught:
        issuer_of(production(None, token_secret=secret, data_dir=tmp_path))
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_elsewhere_a_secret_will_do_and_keys_come_first(tmp_path: Path) -> None:
    assert issuer_of(Settings(data_dir=tmp_path)).keys[0].algorithm == "HS256"
    assert issuer_of(Settings(data_dir=tmp_path)) == issuer_of(Settings(data_dir=tmp_path))
    write_keys(tmp_path, "a.pem")
    keys = issuer_of(Settings(data_dir=tmp_path, signing_keys_dir=tmp_path, token_secret="s" * 40)).keys
    assert [(key.kid, key.algorithm) for key in keys] == [("a", "EdDSA")]


@pytest.mark.parametrize(
    ("names", "text", "says"),
    [
        ([], None, "no key that signs"),
        (["a.next.pem"], None, "no key that signs"),
        (["a.pem", "a.next.pem"], None, "for one NAME"),
        (["../x y.pem"], None, "letters, digits"),
        (["a.pem"], b"rubbish", "a.pem is not an unencrypted private key"),
    ],
)
def test_a_folder_that_cannot_be_used_is_one_line(tmp_path: Path, names: list[str], text: bytes | None, says: str) -> None:
    for name in names:
        (tmp_path / Path(name).name).write_bytes(new_pem("EdDSA") if text is None else text)
    with pytest.raises(WrongSetting, match=rf"^PORTICO_SIGNING_KEYS_DIR: .*{says}"):
        issuer_of(production(tmp_path))


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    for folder in (tmp_path / "none", Path("/proc/1/none")):
        with pytest.raises(WrongSetting, match="PORTICO_SIGNING_KEYS_DIR"):
            issuer_of(production(folder))


def test_a_new_key_is_its_owners_alone_and_never_replaces_one(tmp_path: Path) -> None:
    settings = production(tmp_path / "keys")
    path = new_key(settings, "EdDSA", now=NOW)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert issuer_of(settings).keys[0].kid == path.stem
    with pytest.raises(WrongSetting, match="cannot be written"):
        new_key(settings, "RS256", now=NOW)
    newer = new_key(settings, "RS256", now=NOW + timedelta(seconds=1))
    assert [key.kid for key in issuer_of(settings).keys] == [newer.stem, path.stem]


def test_the_command_says_how_to_rotate(root: Path, tmp_path: Path) -> None:
    command = ["keys", "new", "--algorithm", "RS256", "--data-dir", str(tmp_path)]
    said = preloaded.run(command, cwd=root, env=os.environ, timeout=60).stdout
    (path,) = (tmp_path / "signing-keys").glob("*.pem")
    assert f"PORTICO_SIGNING_KEYS_DIR={path.parent}" in said
    assert f"{path.stem}.next.pem" in said
    assert issuer_of(production(path.parent)).keys[0].algorithm == "RS256"
