"""What a client can set in a modem, with the values after power-up. Holds no logic."""

from dataclasses import dataclass


@dataclass(slots=True)
class Registers:
    """The settings that ATZ, AT&F and a restart put back and AT&W keeps."""

    echo: bool = True
    verbose: bool = True
    quiet: bool = False
    cmee: int = 0
    text_mode: bool = False
    csms: int = 0
    cnmi: tuple[int, ...] = (0, 0, 0, 0, 0)
    first_octet: int = 17
    validity: int = 167
    pid: int = 0
    dcs: int = 0
    csdh: int = 0
    cscs: str = "GSM"
    creg: int = 0
    cgreg: int = 0
    cereg: int = 0
    cops_format: int = 0
    cmms: int = 0
    cgsms: int = 1
    clip: int = 0
    crc: int = 0
    cvhu: int = 0
    cusd: int = 0
    cops_mode: int = 0
    cssn: str = "0,0"
    wind: int = 0
    ctzr: int = 0
    ctzu: int = 0
    autocsq: int = 0
    ussd_mode: int = 1
    # The speed of the line, 0 while it is to be found out.
    speed: int = 115200
