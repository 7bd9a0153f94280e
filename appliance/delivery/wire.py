"""One HTTPS request to a central server, by the standard library: lean, bounded, no surprises.

TLS always, against pinned CA certificates only. No redirects, no cookies, no credentials,
answers bounded in size. The server's word for the time is measured on every answer. It
does not know what a statement is.
"""

from __future__ import annotations

import email.utils
import http.client
import json
import ssl
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from appliance.errors import ConfigError, DeliveryError

MAX_ANSWER = 16 << 20
# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name.
_NO_CHECK_TIME = 0x200000
_TIME_ERRORS = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server said; `offset_s` is its clock minus ours, None where it named no time."""

    status: int
    content_type: str
    body: bytes
    offset_s: float | None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; DeliveryError where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise DeliveryError("server-strange", status=self.status) from error
        if not isinstance(value, dict):
            raise DeliveryError("server-strange", status=self.status)
        return value

    @property
    def problem(self) -> dict[str, Any] | None:
        """The RFC 9457 problem document; None where the answer is not one.

        A captive portal or a wrong address answers 4xx as well, and says nothing about a
        statement by it.
        """
        if self.content_type != "application/problem+json":
            return None
        return self.json()


class Wire:
    """Requests to one server."""

    def __init__(self, url: str, ca_pem: str, proxy: str = "", timeout_s: float = 20.0) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username or parts.query:
            raise ConfigError("server-url-bad", url=url)
        if not ca_pem.strip():
            raise ConfigError("server-without-ca", url=url)
        self.url = url.rstrip("/")
        self._host, self._port = parts.hostname, parts.port or 443
        self._base = parts.path.rstrip("/")
        self._proxy = urllib.parse.urlsplit(proxy if "//" in proxy else f"//{proxy}")
        self._timeout_s = timeout_s
        self._ca_pem = ca_pem

    def post(self, path: str, body: bytes, content_type: str) -> Answer:
        return self._request("POST", path, body, {"Content-Type": content_type})

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None, {})

    def _request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """One request; DeliveryError `server-unreachable` or `server-untrusted`.

        A donated PC's clock is often years wrong. When only the validity dates of the
        server's certificate do not fit, the request is repeated without looking at them: the
        chain to our own pinned CA still holds, and what we send is signed by itself.
        """
        try:
            return self._once(method, path, body, headers, check_time=True)
        except ssl.SSLCertVerificationError as error:
            if error.verify_code not in _TIME_ERRORS:
                raise self._untrusted(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error
        try:
            return self._once(method, path, body, headers, check_time=False)
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        *,
        check_time: bool,
    ) -> Answer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self._ca_pem)
        if not check_time:
            context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
        if self._proxy.hostname:
            connection = http.client.HTTPSConnection(
                self._proxy.hostname,
                self._proxy.port or 3128,
                timeout=self._timeout_s,
                context=context,
            )
            connection.set_tunnel(self._host, self._port)
        else:
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=context
            )
        begin = time.time()
        try:
            connection.request(
                method, self._base + path, body, {"User-Agent": "tajdeed-courier", **headers}
            )
            response = connection.getresponse()
            data = response.read(MAX_ANSWER + 1)
            middle = (begin + time.time()) / 2
        finally:
            connection.close()
        if len(data) > MAX_ANSWER:
            raise DeliveryError("server-strange", status=response.status)
        return Answer(
            status=response.status,
            content_type=(response.getheader("Content-Type") or "").partition(";")[0].strip(),
            body=data,
            offset_s=_offset(response.getheader("Date"), middle),
        )

    def _unreachable(self, error: Exception) -> DeliveryError:
        return DeliveryError("server-unreachable", server=self.url, problem=str(error)[:200])

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> DeliveryError:
        return DeliveryError(
            "server-untrusted", server=self.url, problem=str(error.verify_message)[:200]
        )


def _offset(date: str | None, ours: float) -> float | None:
    """The server's clock minus ours, in seconds; its Date header counts whole seconds."""
    try:
        theirs = email.utils.parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return round((theirs - datetime.fromtimestamp(ours, UTC)).total_seconds() + 0.5, 1)
