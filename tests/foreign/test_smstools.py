"""smstools3, unmodified, serves eight families over a terminal: files in its outgoing folder are sent, what arrives is a file.

It looks into the store instead of listening. A report comes to it on the wire (+CDS), or from the SIM card, or, as two
memories of its own, from the store SR; each family has the settings a technician would give it.
"""

from pathlib import Path

import pytest

from tests.foreign.clients import EMOJI, LONG, LONG_EMOJI, PATIENCE, PRICE, SOMEONE, Daemon, needs, tell

pytestmark = [pytest.mark.slow, needs("smstools", "smsd")]

# The store of texts, +CNMI, more settings.
SR = "primary_memory = {store}\nsecondary_memory = SR\nsecondary_memory_max = 20\n"
FROM_ZERO = "memory_start = 0\n"
FAMILIES = {
    "generic": ("SM", "2,0,0,1,0", ""),
    "sim800": ("SM", "2,0,0,1,0", ""),
    "wavecom": ("SM", "2,0,0,1,0", ""),
    "mc35i": ("MT", "2,0,0,2,1", ""),
    "quectel_m35": ("SM", "2,0,0,2,0", ""),
    "quectel_ec25": ("ME", "2,0,0,2,0", FROM_ZERO + SR.format(store="ME")),
    "huawei_e173": ("SM", "2,0,0,2,0", FROM_ZERO + SR.format(store="SM")),
    "sim7600": ("ME", "2,0,0,1,0", FROM_ZERO),
}
SETTINGS = """
devices = GSM
logfile = 1
loglevel = 7
delaytime = 1
delaytime_mainprocess = 1
errorsleeptime = 1
autosplit = 3
decode_unicode_text = no
internal_combine = yes
{folders}
infofile = {folder}/working
pidfile = {folder}/pid

[GSM]
device = {device}
baudrate = 115200
rtscts = no
init = AT+CPMS="{store}";+CNMI={cnmi}
incoming = yes
report = yes
{more}
"""
FOLDERS = ("outgoing", "checked", "incoming", "report", "failed", "sent", "phonecalls", "saved")


def post(folder: Path, name: str, text: str) -> None:
    """Puts a text into the outgoing folder, whole at once. It knows no UTF-8 beyond the basic plane, but UCS-2 passes."""
    plain = text.isascii()
    head = f"To: {SOMEONE.removeprefix('+')}\nReport: yes\n" + ("" if plain else "Alphabet: UCS2\n") + "\n"
    (folder / name).write_bytes(head.encode() + text.encode("ascii" if plain else "utf-16-be"))
    (folder / name).rename(folder / "outgoing" / name)


def story(bank, port, family, folder):
    store, cnmi, more = FAMILIES[family]
    for name in FOLDERS:
        (folder / name).mkdir()
    settings = folder / "smsd.conf"
    settings.write_text(SETTINGS.format(
        folder=folder, folders="\n".join(f"{name} = {folder}/{name}" for name in FOLDERS), device=bank.device(port),
        store=store, cnmi=cnmi, more=more))
    bank.text(SOMEONE, port, PRICE)
    bank.text(SOMEONE, port, LONG_EMOJI)
    with Daemon("smsd", "-t", f"-c{settings}", folder=folder) as daemon:
        daemon.wait_for("Wrote an incoming message file", 2)
        for name, text in (("first", "hello"), ("second", LONG), ("third", EMOJI)):
            post(folder, name, text)
        daemon.wait_for("Moved file .*/sent/", 3)
        bank.wait_for("report", 4, PATIENCE, port=port)
        daemon.wait_for("Wrote an incoming message file", 2 + 4)
    files = {name: [path.read_bytes() for path in (folder / name).iterdir()] for name in ("incoming", "report", "sent", "failed")}
    return files, bank.state(port), bank.journal(kind="text")


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    return tell(story, tuple(FAMILIES), tmp_path_factory.mktemp("smstools"))


def body(file: bytes) -> str:
    head, _, text = file.partition(b"\n\n")
    return text.decode("utf-16-be" if b"Alphabet: UCS2" in head else "iso-8859-15")


@pytest.mark.parametrize("family", FAMILIES)
def test_it_identifies_sends_receives_and_deletes(stories, family):
    files, state, texts = stories[family].result()
    for file in files["sent"] + files["incoming"]:
        assert f"IMEI: {state['imei']}" in file.decode("latin-1") and f"IMSI: {state['imsi']}" in file.decode("latin-1")
    # It sends the files of a folder in an order of its own, and strips blanks at the end.
    assert {entry["text"] for entry in texts if entry["from"] == state["number"]} == {"hello", LONG.strip(), EMOJI}
    assert files["failed"] == []
    assert {body(file) for file in files["incoming"]} == {PRICE, LONG_EMOJI}
    assert all(state["stores"].get(store, [0])[0] == 0 for store in ("SM", "ME"))


@pytest.mark.parametrize("family", FAMILIES)
def test_it_gets_a_report_for_each_part(stories, family):
    files, state, _ = stories[family].result()
    references = {line for file in files["report"] for line in file.splitlines() if line.startswith(b"Message_id:")}
    assert references == {b"Message_id: 1", b"Message_id: 2", b"Message_id: 3", b"Message_id: 4"}
    assert all(b"Status: 0,Ok" in file for file in files["report"])
    assert state["stores"].get("SR", [0])[0] == 0
