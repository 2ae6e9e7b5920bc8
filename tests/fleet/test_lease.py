"""Homes in an object store, at a real S3 server on loopback: one worker at a time, and none over a newer one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import util
from pathlib import Path

import boto3
import duckdb
import pytest
from moto.server import ThreadedMotoServer

from pipelines.errors import StammdatenError
from pipelines.fleet import lease as lease_module
from pipelines.fleet.customers import Customer
from pipelines.fleet.fleet import last_line
from pipelines.fleet.homes import home_of
from pipelines.fleet.lease import Held, Lease, Lost
from pipelines.fleet.work import Order, served
from pipelines.ledger.ledger import open_database
from pipelines.ledger.restored import waiting_partners
from tests.fleet.night import ROOT, surroundings
from tests.fleet.test_forks import ENTRY, awaited

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s3cr3t", "REGION_NAME": "eu-central-1"}
TTL = 8.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def store(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> str:
    """The address of a home that is not there yet; leases last for eight seconds, so that a busy machine loses none."""
    for name, value in {**KEYS, "ENDPOINT_URL": address}.items():
        monkeypatch.setenv(f"FLEET__CREDENTIALS__{name}", value)
    monkeypatch.setattr(lease_module, "TTL", TTL)
    # Asked for before: the path of a socket may have no more than 107 characters.
    util.get_temp_dir()
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    client(address).create_bucket(
        Bucket="homes", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    yield f"s3://homes/{tmp_path.name}"
    everything = boto3.resource(
        "s3",
        endpoint_url=address,
        aws_access_key_id="key",
        aws_secret_access_key="s3cr3t",
        region_name="eu-central-1",
    ).Bucket("homes")
    everything.objects.delete()
    everything.delete()


def client(address: str):
    return boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id="key",
        aws_secret_access_key="s3cr3t",
        region_name="eu-central-1",
    )


def customer(store: str, folder: Path) -> Customer:
    return Customer("muster", folder, store, "muster.toml")


def note(home: Path, word: str) -> None:
    with open_database(home) as db:
        db.execute("create table if not exists sync.words (word text)")
        db.execute("insert into sync.words values (?)", [word])


def words(home: Path) -> list[str]:
    with duckdb.connect(str(home / "stammdaten.duckdb"), read_only=True) as db:
        return [word for (word,) in db.execute("select word from sync.words").fetchall()]


def test_a_home_is_fetched_and_put_back_as_a_new_version_and_the_last_two_stay(
    store: str, tmp_path: Path, address: str
) -> None:
    for number in range(3):
        with home_of(customer(store, tmp_path)) as place:
            assert number == 0 or words(place.home) == [f"run {n}" for n in range(number)]
            note(place.home, f"run {number}")
        assert not place.home.exists()
        time.sleep(1)  # a name has its second
    with Lease(store) as lease:
        pointer, _ = lease.look()
    assert (pointer.token, pointer.holder) == (3, None)
    there = [one["Key"] for one in client(address).list_objects_v2(Bucket="homes")["Contents"]]
    assert len([name for name in there if name.endswith(".tar")]) == 2
    with home_of(customer(store, tmp_path)) as place, open_database(place.home) as db:
        assert not waiting_partners(db)


def test_one_that_is_at_work_keeps_the_home_and_one_that_hangs_does_not(store: str) -> None:
    with Lease(store) as first, Lease(store) as second, Lease(store) as third:
        first.take(lambda token: f"one:{token}")
        at_work = time.monotonic()

        def look() -> None:
            # Whoever waits sees that it is renewed meanwhile.
            first.look()
            if time.monotonic() - at_work < 3:
                first.keep()

        real = second.look

        def seen():
            look()
            return real()

        second.look = seen  # type: ignore[method-assign]
        with pytest.raises(Held, match="another worker has this home \\(one:1\\), and is at work"):
            second.take(lambda token: f"two:{token}")
        # Now it hangs.
        before = third.take(lambda token: f"three:{token}")
        assert (before.token, before.holder) == (1, "one:1")
        # The one that comes back can neither renew nor put back, whatever it knows of the object.
        first._etag = '"c4ca4238a0b923820dcc509a6f75849b"'
        first._renewed_at = 0.0
        with pytest.raises(Lost):
            first.keep()
        with pytest.raises(Lost, match="what this one did does not count"):
            first.put_back(None, None)
        third.put_back(None, None)
        assert third.look()[0].token == 2


@pytest.mark.slow
def test_what_a_worker_left_on_this_machine_goes_on_and_elsewhere_partners_are_compared_first(
    store: str, tmp_path: Path
) -> None:
    with home_of(customer(store, tmp_path)) as place:
        note(place.home, "whole")
    time.sleep(1)
    died = home_of(customer(store, tmp_path))
    left = died.__enter__()
    note(left.home, "sent, then killed")
    del died  # never ended
    with home_of(customer(store, tmp_path)) as place:
        assert words(place.home) == ["whole", "sent, then killed"]
    time.sleep(1)
    died = home_of(customer(store, tmp_path))
    left = died.__enter__()
    note(left.home, "sent on a machine that burned")
    left.home.rename(tmp_path / "burned")
    with home_of(customer(store, tmp_path)) as place:
        assert words(place.home) == ["whole", "sent, then killed"]
        with open_database(place.home) as db:
            assert "etg24" in waiting_partners(db)


def test_a_first_run_that_broke_off_elsewhere_is_not_begun_anew(store: str, tmp_path: Path) -> None:
    died = home_of(customer(store, tmp_path))
    died.__enter__().home.rename(tmp_path / "burned")
    for _ in range(2):
        with (
            pytest.raises(StammdatenError, match="its first run broke off on"),
            home_of(customer(store, tmp_path)),
        ):
            pass


@pytest.mark.slow
def test_a_worker_that_hangs_and_comes_back_does_not_put_back_over_a_newer_one(
    store: str, tmp_path: Path
) -> None:
    """Stopped with its process, as a machine that is frozen; the home goes on elsewhere; then it wakes up."""
    started = tmp_path / "pid"
    call = (
        "import tempfile; from pathlib import Path; from pipelines.fleet import lease;"
        "from pipelines.fleet.work import *;"
        f"lease.TTL = {TTL}; tempfile.tempdir = {str(tmp_path / 'temp')!r};"
        f"c = Customer('muster', Path({str(tmp_path)!r}), {store!r}, 'muster.toml');"
        f"print(served(Order(c, {ENTRY!r}, (('sleep', {str(started)!r}),), Path({str(tmp_path)!r}))).what)"
    )
    keys = {name: value for name, value in os.environ.items() if name.startswith("FLEET__")}
    with home_of(customer(store, tmp_path)) as place:
        note(place.home, "before")
    time.sleep(1)
    hung = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", call],
        cwd=ROOT,
        env={**surroundings(), **keys},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert awaited(lambda: started.exists() and bool(started.read_text()), 60)
    child = int(started.read_text())
    for process in (hung.pid, child):
        os.kill(process, signal.SIGSTOP)
    # On another machine: its folder is not there.
    (left,) = (tmp_path / "temp").glob("stammdaten-muster-*")
    left.rename(tmp_path / "hung")
    with home_of(customer(store, tmp_path)) as place:
        assert words(place.home) == ["before"]
        note(place.home, "newer")
    for process in (child, hung.pid):
        os.kill(process, signal.SIGCONT)
    out, _ = hung.communicate(timeout=60)
    assert "the lease of this home is lost" in out
    assert awaited(lambda: not Path(f"/proc/{child}").exists())
    with home_of(customer(store, tmp_path)) as place:
        assert words(place.home) == ["before", "newer"]


def test_how_it_ended_is_known_without_fetching_the_home(store: str, tmp_path: Path) -> None:
    assert last_line(customer(store, tmp_path)).state == "never"
    done = served(Order(customer(store, tmp_path), ENTRY, (("exit", "1"),), tmp_path))
    assert (done.exit, done.state) == (1, "look")
    assert last_line(customer(store, tmp_path)) == done
    assert "s3cr3t" not in json.dumps(done.what)
    refused = customer("s3://nobucket/muster", tmp_path)
    assert "nobucket" in last_line(refused).what
