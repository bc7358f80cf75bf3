"""Says which foreign programs were left out, and why: a quiet run shows only an s."""

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {report.longrepr[2] for report in skipped if "tests/foreign" in report.nodeid}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"foreign client left out: {reason}")
