"""How a box proves over TLS that it is the one: by an authority of ours, by its own certificate, or by the system's authorities."""

from __future__ import annotations

import ssl
from urllib.parse import urlsplit

from gateway.errors import ModemUnfit
from gateway.settings import DinstarSettings

# OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which Python does not name.
_ANY_TIME = 0x200000


def context(settings: DinstarSettings) -> ssl.SSLContext | bool:
    """Raises ModemUnfit when a file cannot be read."""
    if not settings.url.startswith("https:"):
        return False
    try:
        if settings.certificate_file:
            return _pinned(settings.certificate_file)
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as fault:
        named = settings.certificate_file or settings.ca_file
        raise ModemUnfit(f"{named} cannot be used: {fault}", "it holds the certificate in PEM") from fault


def _pinned(path: str) -> ssl.SSLContext:
    """This very certificate, whatever name or dates it bears: boxes make their own, and a Pi's clock may be wrong."""
    pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pinned.check_hostname = False
    pinned.load_verify_locations(path)
    pinned.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME)
    # Old boxes hold keys of 1024 bits; who holds the key is settled by the certificate itself.
    pinned.set_ciphers("DEFAULT:@SECLEVEL=1")
    return pinned


def untrusted(settings: DinstarSettings, why: str) -> ModemUnfit:
    """With the command that fetches the certificate of this box."""
    at = urlsplit(settings.url).netloc
    address = at if urlsplit(settings.url).port else f"{at}:443"
    fetch = f"`openssl s_client -connect {address} </dev/null | openssl x509 > {settings.name}.pem`"
    if settings.certificate_file:
        reason = f"the box shows another certificate than the one in {settings.certificate_file}"
        return ModemUnfit(reason, f"fetch it with {fetch}, compare it at the box, and put it there if it is the box's own")
    return ModemUnfit(
        f"the certificate of the box is not trusted: {why}",
        f"fetch it with {fetch}, compare it at the box, and name it as certificate_file",
    )


def refused(fault: BaseException | None) -> str:
    """Why a certificate was not accepted, when that is what lies behind `fault`; else empty."""
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return fault.verify_message or str(fault)
        fault = fault.__cause__ or fault.__context__
    return ""
