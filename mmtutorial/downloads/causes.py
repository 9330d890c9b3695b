"""Why an address does not give its file, in a few words that name what a person can change.

The messages of requests name classes and addresses in memory, and hide a wrong proxy or certificate behind "retries".
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import ProtocolError
from urllib3.exceptions import TimeoutError as ReadTimeout

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables of the environment that name a file of certificates, in the order in which requests asks for them."""


class Unusable(Exception):
    """This address does not give the file; ``str(error)`` says why, in a few words."""


def plainly(error: Exception, url: str) -> str:
    """Return the reason for which a request failed."""
    if said := _of_proxy(error, url) or _of_certificates(error):
        return said
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects in a circle"
    if isinstance(error, ValueError):  # Of the errors of requests, those about an address.
        return "it redirects to an address that cannot be used"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, requests.Timeout | ReadTimeout):
        return "no answer in time"
    broken = isinstance(error, requests.exceptions.ChunkedEncodingError | ProtocolError)
    return "the connection broke off" if broken or re.search("broke off|aborted", str(error)) else "no connection"


def _of_proxy(error: Exception, url: str) -> str:
    """What is wrong with the proxy, if it is the proxy."""
    proxy = select_proxy(url, get_environ_proxies(url)) or ""
    about = re.search("prox|socks", f"{type(error).__name__} {error}", re.IGNORECASE)
    # That a proxy is no address is said without a word of it.
    if not proxy or not (about or isinstance(error, requests.exceptions.InvalidURL)):
        return ""
    scheme = urlsplit(url).scheme
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY")
    where = next((name for name in names if os.environ.get(name)), "the system's settings")
    # Name and password stay out of the message.
    start, slashes, rest = proxy.rpartition("://")
    who = f"the proxy {start}{slashes}{rest.rpartition('@')[2]} (from {where})"
    if "Missing dependencies" in str(error):
        return f"{who} speaks SOCKS, for which the package PySocks is missing: python -m pip install pysocks"
    if isinstance(error, requests.exceptions.InvalidURL):
        return f"{who} is no address of a proxy; correct or unset it"
    answer = re.search(r"Tunnel connection failed: ([^')]+)", str(error))
    return f"{who} {f'answers {answer[1].strip()}' if answer else 'cannot be reached'}; correct or unset it"


def _of_certificates(error: Exception) -> str:
    """What is wrong with certificates, if it is they."""
    name = next((name for name in BUNDLES if os.environ.get(name)), "")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        hint = f"check {name}" if name else f"where a proxy signs anew, name its file of certificates in {BUNDLES[0]}"
        return f"its certificate is refused; {hint}"
    if name and re.search("CA certificate bundle|X509|PEM|Errno 13", str(error)):
        return f"{name}={os.environ[name]} is no file of certificates that can be read; correct or unset it"
    return "it has no secure connection to offer" if isinstance(error, requests.exceptions.SSLError) else ""
