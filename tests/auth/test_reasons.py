"""Every token that is not accepted has a reason, and neither the reason nor the sentence that goes with it has a part of the token."""

from dataclasses import replace
from pathlib import Path

import pytest

from auth.jwt.tokens import OwnIssuer, Tokens
from auth.reasons import HINTS, Reason
from billing.refusals import Unauthenticated
from tests.auth.attacks import ALG, BAD, EMBEDDED, KID, LENIENT, SAID, SHAPE, TWICE, TYPE
from tests.auth.forge import AT, ED, EVIL, MISSING, NOW, RS, made

OURS = OwnIssuer("portico", "portico", (ED, RS))
# Of each group of attacks, which reasons its tokens have.
REASONS = {
    "ALG": (ALG, {"algorithm", "malformed", "key_unknown", "signature"}),
    "KID": (KID, {"malformed", "key_unknown"}),
    "EMBEDDED": (EMBEDDED, {"malformed"}),
    "SAID": (SAID, {"issuer", "audience", "expired", "not_yet_valid", "claim_missing", "claim_invalid"}),
    "TYPE": (TYPE, {"type", "malformed"}),
    "TWICE": (TWICE, {"malformed"}),
    "SHAPE": (SHAPE, {"malformed", "scheme", "signature"}),
    "LENIENT": (LENIENT, {"malformed", "signature"}),
}


async def refusal_of(token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        await Tokens(OURS).viewer_of(f"Bearer {token}", now=NOW)
    return caught.value


@pytest.mark.parametrize("group", REASONS)
async def test_each_kind_of_attack_has_its_reasons(group: str) -> None:
    tokens, reasons = REASONS[group]
    assert {(await refusal_of(token)).reason for token in tokens.values()} == reasons


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_neither_the_reason_nor_its_sentence_repeats_the_token(token: str) -> None:
    refusal = await refusal_of(token)
    said = f"{refusal.reason} {refusal.claim} {refusal.hint} {refusal}"
    assert refusal.reason in set(Reason)
    assert not [part for part in token.split(".") if len(part) > 8 and part in said]
    assert not {"evil", "ROOT", "SYSTEM", "cus_1", "cus_2", "passwd", "id+jwt"} & set(said.replace("`", " ").split())


@pytest.mark.parametrize(
    ("token", "reason", "claim", "hint"),
    [
        (made({"sub": MISSING}), "claim_missing", "sub", "The access token has no claim `sub`."),
        (made({"sub": 5}), "claim_invalid", "sub", "The access token's claim `sub` has a value of the wrong type or length, or"),
        (
            made({"client_id": "a\0"}),
            "claim_invalid",
            "client_id",
            "The access token's claim `client_id` has a value of the wrong type or length, or a character that cannot be",
        ),
        (made({"kind": "ROOT"}), "claim_invalid", "kind", "The access token's claim `kind` has a value of the wrong type or length, or"),
        (made({"aud": "evil"}), "audience", "", "The access token is for another audience: `aud` must contain `portico`."),
        (made({"iss": "portico/"}), "issuer", "", "The access token's issuer (`iss`) is not accepted. Accepted, to the letter: `portico`."),
        (made({"exp": AT - 60}), "expired", "", "The access token has expired (`exp`)."),
        (made(key=replace(EVIL, kid="ed")), "signature", "", "The access token's signature was not made with the issuer's key."),
        (made(key=EVIL), "key_unknown", "", "The issuer has no key for the access token's `kid` and `alg`."),
        (made(alg="ES256"), "algorithm", "", "signed with an algorithm that its issuer does not use here. Configured: `EdDSA`, `RS256`."),
        (made(typ="JWT"), "type", "", "must be application/at+jwt or at+jwt. An ID token is not an access token."),
    ],
    ids=lambda value: "" if str(value).startswith("eyJ") else str(value),
)
async def test_the_sentence_names_the_claim_and_what_the_settings_expect(token: str, reason: str, claim: str, hint: str) -> None:
    refusal = await refusal_of(token)
    assert (refusal.reason, refusal.claim) == (reason, claim)
    assert hint in refusal.hint


def test_every_reason_has_a_sentence_and_is_raised_somewhere(root: Path) -> None:
    assert set(HINTS) == set(Reason)
    code = "".join(path.read_text() for folder in ("auth", "gateway") for path in (root / folder).rglob("*.py"))
    assert [reason for reason in Reason if code.count(f"Reason.{reason.name}") < 2 and reason is not Reason.CLIENT_DISABLED] == []
