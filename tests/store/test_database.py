from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.errors import AlreadyRunning, BadSetting, StorageFull
from gateway.settings import StoreSettings
from gateway.store import Store, database
from gateway.store.airmarks import AirMarks, EarlierMarks


def test_a_copy_is_kept_before_each_migration_of_a_database_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.db"
    opened = database.connect(path)
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.py").write_text("def up(migrator, db):\n    db.execute_sql('CREATE TABLE one (n)')\n")
    monkeypatch.setattr(database, "MIGRATIONS", folder)
    assert database.migrate(opened, path, keep=1) == ["0001_first"]
    assert list(tmp_path.glob("a.db.before-*")) == []  # there was nothing to lose yet

    opened.execute_sql("INSERT INTO one VALUES (42)")
    (folder / "0002_drop.py").write_text("def up(migrator, db):\n    db.execute_sql('DROP TABLE one')\n")
    database.migrate(opened, path, keep=1)
    copy = database.connect(tmp_path / "a.db.before-0002_drop")
    assert copy.execute_sql("SELECT n FROM one").fetchall() == [(42,)]
    copy.close()
    opened.close()


def test_a_second_gateway_on_the_same_database_is_refused(tmp_path: Path) -> None:
    settings = StoreSettings(path=str(tmp_path / "a.db"), reserve_mb=0)
    store = Store.open(settings, ManualClock(), serving=True)
    with pytest.raises(AlreadyRunning, match="another simrack"):
        Store.open(settings, ManualClock(), serving=True)
    Store.open(settings, ManualClock(), serving=False).close()  # the command line may come beside it
    store.close()
    Store.open(settings, ManualClock(), serving=True).close()


def test_a_path_that_cannot_be_written_is_said_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "a.db", tmp_path):
        with pytest.raises(BadSetting) as refused:
            Store.open(StoreSettings(path=str(path)), ManualClock(), serving=True)
        assert refused.value.field == "store.path"
        assert refused.value.remedy


def test_a_file_that_is_no_database_of_ours_is_left_alone_and_said(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("dear diary, " * 1000)
    for _ in range(2):  # the lock is free again after the first refusal
        with pytest.raises(BadSetting, match="not a simrack database"):
            Store.open(StoreSettings(path=str(tmp_path / "a.db")), ManualClock(), serving=True)
    assert (tmp_path / "a.db").read_text().startswith("dear diary")


def test_what_holds_secrets_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    Store.open(StoreSettings(path=str(tmp_path / "new" / "a.db"), reserve_mb=0), ManualClock(), serving=True).close()
    for made in (tmp_path / "new").iterdir():
        assert made.stat().st_mode & 0o077 == 0, made


def test_nothing_more_is_taken_when_the_disk_is_down_to_its_reserve(tmp_path: Path) -> None:
    store = Store.open(StoreSettings(path=str(tmp_path / "a.db"), reserve_mb=10**9), ManualClock(), serving=False)
    with pytest.raises(StorageFull, match="nothing was lost"):
        store.require_room()
    store.close()


def test_air_marks_tell_what_began_from_what_only_waited(tmp_path: Path) -> None:
    marks = AirMarks(tmp_path / "air", ["p0", "p1"])
    marks.mark("p0", 12)
    marks.mark("p1", 9)
    marks.mark("p1", 15)
    marks.close()

    earlier = EarlierMarks(tmp_path / "air")
    assert earlier.certainly_never_left("p0", 13)
    assert not earlier.certainly_never_left("p0", 12)
    assert not earlier.certainly_never_left("p1", 9)


def test_air_marks_prove_nothing_after_a_reboot(tmp_path: Path) -> None:
    marks = AirMarks(tmp_path / "air", ["p0"])
    marks.mark("p0", 12)
    marks.close()
    content = (tmp_path / "air").read_text().splitlines()
    content[0] = content[0].replace(content[0].split()[1], "another-boot".ljust(len(content[0].split()[1])))
    (tmp_path / "air").write_text("\n".join(content) + "\n")

    assert not EarlierMarks(tmp_path / "air").certainly_never_left("p0", 13)
    assert not EarlierMarks(tmp_path / "none").certainly_never_left("p0", 13)
