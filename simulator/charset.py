"""Strings on the AT line in the character set that +CSCS chose. A line is a str whose characters are its octets."""

from simulator import alphabet


def show(text: str, charset: str) -> str:
    """A text as it is printed; what the set cannot say becomes a question mark."""
    if charset == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if charset in ("GSM", "HEX"):
        septets = b"".join(alphabet.encode(character) or b"?" for character in text)
        return septets.hex().upper() if charset == "HEX" else septets.decode("latin-1")
    if charset == "8859-1":
        return text.encode("latin-1", "replace").decode("latin-1")
    if charset == "UTF-8":
        return text.encode("utf-8", "surrogatepass").decode("latin-1")
    return text.encode("ascii", "replace").decode("ascii")


def understand(line: str, charset: str) -> str:
    """The text that a client meant by the octets it typed. Raises ValueError when they make no sense."""
    if charset == "UCS2":
        return bytes.fromhex(line).decode("utf-16-be", "surrogatepass")
    if charset == "HEX":
        return alphabet.decode(bytes.fromhex(line))
    if charset == "UTF-8":
        return line.encode("latin-1").decode("utf-8")
    if charset == "GSM":
        return alphabet.decode(bytes(ord(character) & 127 for character in line))
    return line


def number(shown: str, charset: str) -> str:
    """A telephone number that a client typed: some clients write it plainly whatever +CSCS says."""
    if charset == "UCS2" and len(shown) % 4 == 0 and shown.startswith("00"):
        try:
            return bytes.fromhex(shown).decode("utf-16-be")
        except ValueError:
            return shown
    return shown
