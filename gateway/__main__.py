"""`python -m gateway` is `simrack`."""

from gateway.cli import main

main()
