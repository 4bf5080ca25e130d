"""Asks a hub by HTTP: the system's certificates and proxies, redirects that lose no secret, failures by their kind.

What may be over in a moment is raised as Passing, the rest as PorterError.
"""

from __future__ import annotations

import contextlib
import email.utils
import logging
import os
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator

import httpx2
import truststore

from desktop_app.messages import ModelTrouble
from desktop_app.models import patience
from desktop_app.models.errors import PorterError
from desktop_app.models.patience import Passing

PARTIAL, RANGE_BEYOND_END = 206, 416

_CONNECT, _READ = 15.0, 20.0  # seconds
_REDIRECTS = 10
_HERE = {"localhost", "127.0.0.1", "::1"}
_TROUBLES = {
    401: ModelTrouble.TOKEN_NEEDED,
    403: ModelTrouble.NOT_ALLOWED,
    404: ModelTrouble.NOT_FOUND,
    407: ModelTrouble.NO_NETWORK,  # the proxy wants to know who asks
    410: ModelTrouble.NOT_FOUND,
    429: ModelTrouble.TOO_MANY_REQUESTS,
    451: ModelTrouble.NOT_ALLOWED,
}
_PASSING = {408, 425, 429, 500, 502, 503, 504}

log = logging.getLogger(__name__)


class Answer:
    """What a server has answered; the rest of it comes as it is read."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.status_code = response.status_code
        self.headers = response.headers

    def blocks(self) -> Iterator[bytes]:
        """Yield the content as it comes. Raise PorterError or Passing."""
        with _told(_shown(self._response.url)):
            yield from self._response.iter_raw()


class Web:
    """The connections to one hub and to where it sends us."""

    def __init__(self, hub: str, token: str = "", kept_token: Callable[[], str] = str) -> None:
        """`token` empty: the one that is kept, which is not looked for unless the hub wants one. Raise PorterError."""
        self._token: str | None = _checked(token) or None  # "": there is none that is kept either
        self._kept_token = kept_token
        with _told("the hub's address or the proxy"):
            self._hub = httpx2.URL(hub)
            self._through_proxy, self._direct = _client(trust_env=True), _client(trust_env=False)
        if self._hub.scheme not in ("http", "https") or not self._hub.host:
            raise PorterError(ModelTrouble.NO_NETWORK, f"{hub!r} is no address of a hub")

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._through_proxy.close()
        self._direct.close()

    @contextlib.contextmanager
    def get(self, address: str, start: int = 0) -> Iterator[Answer]:
        """Give the answer, its content still to be read: 200, 206, or 416 if nothing is behind `start`.

        Raise PorterError or Passing, while the content is read as well.
        """
        with _told(address):
            response = self._answer(httpx2.URL(address), start)
        try:
            yield Answer(response)
        finally:
            response.close()

    def _answer(self, url: httpx2.URL, start: int) -> httpx2.Response:
        for _ in range(_REDIRECTS):
            response = self._asked(url, start)
            if response.next_request is not None:
                response.close()
                url = _checked_redirect(url, response.next_request.url)
            elif response.status_code in (200, PARTIAL, RANGE_BEYOND_END):
                return response
            else:
                response.close()
                if not self._finds_token(url, response):
                    raise self._refusal(url, response)
        raise PorterError(ModelTrouble.HUB_FAILED, f"more than {_REDIRECTS} redirects")

    def _asked(self, url: httpx2.URL, start: int) -> httpx2.Response:
        headers = {"Accept-Encoding": "identity"}  # what is published is compared byte by byte
        if start:
            headers["Range"] = f"bytes={start}-"
        if self._token and self._may_have_token(url):
            headers["Authorization"] = f"Bearer {self._token}"
        client = self._direct if urllib.request.proxy_bypass(url.host) else self._through_proxy
        return client.send(client.build_request("GET", url, headers=headers), stream=True)

    def _is_hub(self, url: httpx2.URL) -> bool:
        return url.origin == self._hub.origin

    def _may_have_token(self, url: httpx2.URL) -> bool:
        """Tell whether a token may go there: to the hub and nobody else, and not where others could read it."""
        return self._is_hub(url) and (url.scheme == "https" or url.host in _HERE)

    def _finds_token(self, url: httpx2.URL, response: httpx2.Response) -> bool:
        """Tell whether a token is kept that can be tried now that the hub wants one."""
        if response.status_code not in (401, 403) or self._token is not None or not self._may_have_token(url):
            return False
        self._token = _checked(self._kept_token())
        return bool(self._token)

    def _refusal(self, url: httpx2.URL, response: httpx2.Response) -> PorterError:
        status = response.status_code
        kind = _TROUBLES.get(status, ModelTrouble.HUB_FAILED)
        detail = f"{_shown(url)}: {status} {response.headers.get('X-Error-Message', '')[:200]}".strip()
        if status in _PASSING:
            return Passing(kind, detail, after=_seconds(response.headers.get("Retry-After", "")))
        if self._is_hub(url):
            is_secret = kind is ModelTrouble.TOKEN_NEEDED and not self._may_have_token(url)
            return PorterError(ModelTrouble.TOKEN_NOT_SENT if is_secret else kind, detail)
        return Passing(ModelTrouble.HUB_FAILED, detail)  # where the hub sent us: its permission may have run out


def _client(trust_env: bool) -> httpx2.Client:
    timeout = httpx2.Timeout(patience.scaled(_READ, least=1.0), connect=patience.scaled(_CONNECT, least=1.0))
    if trust_env:
        _understand_socks()
    return httpx2.Client(
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        trust_env=trust_env,
        timeout=timeout,
        headers={"User-Agent": "Sottovoce"},
    )


def _understand_socks() -> None:
    """WORKAROUND: desktops write socks://, of which httpx2 knows only the newer name."""
    for name in ("ALL_PROXY", "all_proxy"):
        if os.environ.get(name, "").startswith("socks://"):
            os.environ[name] = "socks5://" + os.environ[name].removeprefix("socks://")


def _checked(token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise PorterError(ModelTrouble.TOKEN_NEEDED, "there are characters in the token that no token has")
    return token


def _checked_redirect(here: httpx2.URL, there: httpx2.URL) -> httpx2.URL:
    if there.scheme not in ("http", "https") or (here.scheme == "https" and there.scheme == "http"):
        raise PorterError(ModelTrouble.HUB_FAILED, f"sent from {_shown(here)} to {_shown(there)}")
    return there


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """Raise what the HTTP library raises as ours."""
    try:
        yield
    except httpx2.ReadTimeout as error:
        raise Passing(ModelTrouble.STALLED, _text(error)) from error
    except (httpx2.ReadError, httpx2.RemoteProtocolError) as error:
        raise Passing(ModelTrouble.STALLED, _text(error)) from error
    except httpx2.ConnectError as error:
        if _is_about_certificate(error):
            raise PorterError(ModelTrouble.CERTIFICATE, _text(error)) from error
        raise Passing(ModelTrouble.NO_NETWORK, _text(error)) from error
    except httpx2.UnsupportedProtocol as error:
        raise PorterError(ModelTrouble.NO_NETWORK, _text(error)) from error
    except httpx2.RequestError as error:
        raise Passing(ModelTrouble.NO_NETWORK, _text(error)) from error
    except (httpx2.InvalidURL, ValueError, ImportError) as error:  # an address, or that of a proxy, that is none
        raise PorterError(ModelTrouble.NO_NETWORK, f"{what}: {_text(error)}") from error


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _text(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _shown(url: httpx2.URL) -> str:
    """Return the address without what may be a signature or a password."""
    return f"{url.scheme}://{url.host}{url.path}"


def _seconds(retry_after: str) -> float:
    """Return how long the server wants to be left alone: it says seconds, or a time of day."""
    with contextlib.suppress(ValueError):
        return max(0.0, float(retry_after))
    with contextlib.suppress(ValueError):
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    return 0.0
