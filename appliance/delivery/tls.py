"""One HTTP session as everything of ours uses it: nothing from the environment, TLS 1.2 at least.

No cookies, no netrc, no proxies but the settings'. Which authorities count is the caller's to
say. requests is imported at the first request: it takes seconds on an old machine.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name.
_NO_CHECK_TIME = 0x200000
# X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED: a donated PC's clock is often
# years wrong.
TIME_ERRORS = (9, 10)


def proxies(proxy: str) -> dict[str, str]:
    """The settings' proxy in the form that requests takes; empty without one."""
    if not proxy:
        return {}
    url = proxy if "//" in proxy else f"http://{proxy}"
    return {"https": url, "http": url}


def session(
    through: Mapping[str, str], *, check_time: bool, more_pem: str = ""
) -> requests.Session:
    """A new session. `more_pem`: authorities that count beside those of `session.verify`."""
    import requests
    from requests.adapters import HTTPAdapter

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if more_pem.strip():
        context.load_verify_locations(cadata=more_pem)
    if not check_time:
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)

    class Own(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, **options, ssl_context=context)

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            return super().proxy_manager_for(proxy, **options, ssl_context=context)

    made = requests.Session()
    made.trust_env = False
    made.proxies.update(through)
    made.mount("https://", Own())
    return made


def certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """What OpenSSL said of the certificate, from under the layers that wrapped it."""
    seen: list[BaseException] = []
    queue = [error]
    while queue:
        item = queue.pop()
        if not isinstance(item, BaseException) or item in seen:
            continue
        if isinstance(item, ssl.SSLCertVerificationError):
            return item
        seen.append(item)
        queue += [item.__cause__, item.__context__, getattr(item, "reason", None)]
        queue += [arg for arg in item.args if isinstance(arg, BaseException)]
    return None
