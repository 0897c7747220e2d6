"""An access token of the emulated Google, got the way any application gets one."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

import httpx

from infra.local.environment import CLIENT_ID, CLIENT_SECRET


async def access_token(google: httpx.AsyncClient, email: str, callback: str) -> str:
    """Consent as `email` and exchange the code; `callback` is a registered redirect URI."""
    consent = {"email": email, "decision": "approve"}
    (await google.post("/_control/consent", json=consent)).raise_for_status()
    known = (await google.get("/.well-known/openid-configuration")).json()
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    ask = {
        "client_id": CLIENT_ID,
        "redirect_uri": callback,
        "response_type": "code",
        "scope": "openid email https://mail.google.com/",
        "state": "bench",
        "access_type": "offline",
        "prompt": "consent",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    sent_back = await google.get(known["authorization_endpoint"], params=ask)
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(sent_back.headers["location"]).query)["code"][0],
        "redirect_uri": callback,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "code_verifier": verifier,
    }
    answer = await google.post(known["token_endpoint"], data=form)
    answer.raise_for_status()
    return str(answer.json()["access_token"])
