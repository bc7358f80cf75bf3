"""How a box is known over TLS: by its own certificate, or by an authority of ours; anything else parks its ports with a remedy."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.records import ChannelState, Sent
from simulator.dinstar.plan import BoxPlan
from simulator.testing import running_bank
from tests.dinstar.stage import BOB, gateway, story, text


@dataclass(frozen=True)
class Certificate:
    """Made by openssl, as PEM files."""

    cert: Path
    key: Path


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def self_signed(folder: Path, name: str = "Dinstar") -> Certificate:
    """As such boxes make theirs: own name, signed by itself."""
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 1, "-subj", f"/CN={name}", "-keyout", made.key, "-out", made.cert
    )
    return made


def issued(folder: Path, authority: Certificate, address: str) -> Certificate:
    """To a box at this address, by an authority of ours."""
    made = Certificate(folder / f"box-{address}.pem", folder / f"box-{address}.key")
    request, extension = folder / "box.csr", folder / "box.ext"
    extension.write_text(f"subjectAltName=IP:{address}\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=box", "-keyout", made.key, "-out", request)
    openssl(
        *("x509", "-req", "-in", request, "-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial", "-days", 1),
        *("-extfile", extension, "-out", made.cert),
    )
    return made


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("authority"), "Our authority")


def plan(certificate: Certificate) -> BoxPlan:
    return BoxPlan("box1", ports=1, certificate=certificate.cert, key=certificate.key)


@story
async def test_a_certificate_of_its_own_is_refused_with_a_remedy_unless_it_is_the_one_we_know(
    certificate: Certificate, tmp_path: Path
) -> None:
    with running_bank(ports=0, boxes=[plan(certificate)]) as bank:
        url = bank.box("box1").url
        async with gateway(url, ports="0") as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert "certificate_file" in stage.facts(0).reason
            assert f"openssl s_client -connect {url.removeprefix('https://')} " in stage.facts(0).reason
        other = self_signed(tmp_path).cert
        async with gateway(url, ports="0", certificate_file=str(other)) as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert f"another certificate than the one in {other}" in stage.facts(0).reason
        async with gateway(url, ports="0", certificate_file=str(certificate.cert)) as stage:
            await stage.ready(0)
            assert isinstance(await stage.send(text(1, BOB)), Sent)
        async with gateway(url, ports="0", certificate_file=str(tmp_path / "none.pem")) as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert "cannot be used" in stage.facts(0).reason


@story
async def test_a_box_whose_certificate_an_authority_of_ours_issued_is_served(authority: Certificate, tmp_path: Path) -> None:
    with running_bank(ports=0, boxes=[plan(issued(tmp_path, authority, "127.0.0.1"))]) as bank:
        url = bank.box("box1").url
        async with gateway(url, ports="0", ca_file=str(authority.cert)) as stage:
            await stage.ready(0)
            assert isinstance(await stage.send(text(1, BOB)), Sent)
        for given in ({}, {"ca_file": str(self_signed(tmp_path, "Somebody else").cert)}):
            async with gateway(url, ports="0", **given) as stage:
                await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
                assert "the certificate of the box is not trusted" in stage.facts(0).reason
        async with gateway(url, ports="0", ca_file=str(tmp_path / "none.pem")) as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert f"{tmp_path / 'none.pem'} cannot be used" in stage.facts(0).reason


@story
async def test_a_certificate_of_our_authority_for_another_address_is_not_the_box(authority: Certificate, tmp_path: Path) -> None:
    with running_bank(ports=0, boxes=[plan(issued(tmp_path, authority, "192.0.2.1"))]) as bank:
        async with gateway(bank.box("box1").url, ports="0", ca_file=str(authority.cert)) as stage:
            await stage.until(lambda: stage.facts(0).state is ChannelState.PARKED)
            assert "the certificate of the box is not trusted" in stage.facts(0).reason
            assert bank.box("box1").state()["requests"] == {}
