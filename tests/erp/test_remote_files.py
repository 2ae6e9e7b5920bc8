"""Deliveries on an SFTP server and in an object store, over real connections on loopback."""

import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import boto3
import paramiko
import pytest
from moto.server import ThreadedMotoServer

from pipelines.erp.files.archive import ArchiveLimits
from pipelines.erp.files.door import FilesSettings
from pipelines.erp.files.remote import Remote, check_address
from pipelines.erp.load import load
from pipelines.errors import DeliveryError, SettingsError
from pipelines.settings import project_root
from tests.erp import sftp_server
from tests.erp.delivery import DELIVERY, read

KEY, SECRET = "an-access-key", "not-to-be-seen-either"
CREDENTIALS = "SOURCES__ERP__FILES__CREDENTIALS__"


@pytest.fixture
def sftp(folder, monkeypatch) -> Iterator[sftp_server.Server]:
    """A server of the delivery, and the credentials for it in the settings."""
    monkeypatch.setenv(CREDENTIALS + "SFTP_USERNAME", sftp_server.USER)
    monkeypatch.setenv(CREDENTIALS + "SFTP_PASSWORD", sftp_server.PASSWORD)
    with sftp_server.serve(folder.parent) as server:
        yield server


@pytest.fixture
def place(sftp, tmp_path):
    """`place("/delivery")` is that folder of the server, which is trusted."""
    known = sftp.known_hosts(tmp_path / "known_hosts")
    return lambda path: Remote(sftp.url(path), known)


def message(folder: Remote, kind: type[Exception] = DeliveryError, **settings) -> str:
    with pytest.raises(kind) as caught:
        read(FilesSettings(folder, quiet_seconds=0, **settings))
    text = str(caught.value)
    assert "\n" not in text
    shown = str(caught.getrepr(chain=True, style="value"))
    for secret in (sftp_server.PASSWORD, SECRET, KEY):
        assert secret not in shown
    return text


# SFTP


def test_a_folder_on_an_sftp_server_is_read_like_a_local_one(folder, place, home, database):
    (folder / "notizen.txt").write_text("x")
    (folder / ".person.csv.part").write_text("x")
    (folder / "alt").mkdir()
    (folder / "alt" / "umsatz.csv").write_text("x")
    expected = read(FilesSettings(folder))
    assert read(FilesSettings(place("/delivery"), quiet_seconds=0)) == expected
    told: list[tuple[str, float]] = []
    result = load(
        FilesSettings(place("/delivery/"), quiet_seconds=0), home, progress=lambda *done: told.append(done)
    )
    assert {"copying mieter.csv", "copying person.csv"} <= {what for what, _ in told}
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert result.source == f"files: {place('/delivery/').url}"
    assert result.unknown_files == ("alt/umsatz.csv",)
    assert database.rows("select nachname from erp_raw.person order by _zeile") == [
        ("Böttcher-Groß",),
        ("Wiesel",),
    ]
    assert not [path for path in home.rglob("*.csv")]


def test_a_zip_on_an_sftp_server_is_read(folder, place):
    expected = read(FilesSettings(folder))
    with zipfile.ZipFile(folder.parent / "lieferung.zip", "w") as archive:
        for name, text in DELIVERY.items():
            archive.writestr(name, text)
    assert read(FilesSettings(place("/lieferung.zip"), quiet_seconds=0)) == expected


def test_a_wrong_password_is_named_by_its_setting(place, monkeypatch):
    monkeypatch.setenv(CREDENTIALS + "SFTP_PASSWORD", "wrong-one")
    text = message(place("/delivery"))
    assert (
        "the login was refused; check SOURCES__ERP__FILES__CREDENTIALS__… (SFTP_USERNAME and SFTP_PASSWORD"
        in text
    )
    assert "wrong-one" not in text


def test_a_missing_login_is_named_by_its_setting(place, monkeypatch):
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setenv("HOME", "/nowhere")
    monkeypatch.delenv(CREDENTIALS + "SFTP_PASSWORD")
    assert "the login was refused; check SOURCES__ERP__FILES__CREDENTIALS__…" in message(place("/delivery"))
    monkeypatch.delenv(CREDENTIALS + "SFTP_USERNAME")
    assert "CREDENTIALS__SFTP_USERNAME: missing" in message(place("/delivery"), SettingsError)


def test_an_unknown_server_is_never_trusted(sftp, tmp_path):
    text = message(Remote(sftp.url("/delivery"), tmp_path / "nothing"))
    assert text.startswith(f"sftp://127.0.0.1:{sftp.port}: the key of the server is not known in ")
    assert "SOURCES__ERP__FILES__KNOWN_HOSTS" in text


def test_a_server_with_another_key_than_the_known_one_is_not_trusted(sftp, tmp_path):
    known = sftp.known_hosts(tmp_path / "known_hosts", paramiko.ECDSAKey.generate())
    assert "the key of the server is not the one that is known" in message(
        Remote(sftp.url("/delivery"), known)
    )


def test_a_server_that_does_not_answer_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv(CREDENTIALS + "SFTP_USERNAME", sftp_server.USER)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = message(Remote(f"sftp://127.0.0.1:{port}/delivery", tmp_path / "known_hosts"))
    assert text.startswith(f"sftp://127.0.0.1:{port}: no connection, or it broke off")


def test_a_folder_that_the_server_does_not_have_is_named(place):
    text = message(place("/nowhere"))
    assert (
        text == f"{place('/nowhere').url}: there is no such folder or file; mend SOURCES__ERP__FILES__FOLDER"
    )


def test_a_file_that_grows_on_the_server_is_an_error_and_the_raw_layer_as_before(
    folder, place, sftp, home, database
):
    load(FilesSettings(folder), home)
    (folder / "mandant.csv").write_text("mandant_nr;name\n001;Neu\n", encoding="utf-8")

    def grow(name: str) -> None:
        if name == "person.csv":
            with (folder / "kontaktweg.csv").open("a") as file:
                file.write("0000000815;2;Fax;1\n")

    sftp.before_open = grow
    with pytest.raises(DeliveryError, match=r"^kontaktweg\.csv: the file changed while it was read"):
        load(FilesSettings(place("/delivery"), quiet_seconds=0), home)
    assert database.rows("select name from erp_raw.mandant") == [("Wohnbau Musterstadt",)]


def test_more_than_the_limit_is_not_copied(place):
    assert "0.0 GB, 1e-07 GB are allowed" in message(place("/delivery"), limits=ArchiveLimits(max_gb=1e-7))


def test_a_fresh_upload_is_waited_for_unless_its_control_file_is_there(folder, place, monkeypatch):
    slept = []
    monkeypatch.setattr("time.sleep", slept.append)
    read(FilesSettings(place("/delivery")))
    assert len(slept) == 1
    assert 0 < slept[0] <= 10
    lines = [f"{name};{text.count(chr(10)) - 1}" for name, text in DELIVERY.items()]
    (folder / "kontrolle.csv").write_text("\n".join(["tabelle;zeilen", *lines]), encoding="utf-8")
    read(FilesSettings(place("/delivery")))
    assert len(slept) == 1


# Object store


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    place = {"LocationConstraint": "eu-central-1"}
    client(address).create_bucket(Bucket="stammdaten", CreateBucketConfiguration=place)
    yield address
    server.stop()


def client(address: str):
    return boto3.client(
        "s3",
        endpoint_url=address,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        region_name="eu-central-1",
    )


@pytest.fixture
def bucket(s3_address, folder, monkeypatch):
    """The client of a store that holds the delivery in `s3://stammdaten/export`."""
    values = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "REGION_NAME": "eu-central-1"}
    for name, value in {**values, "ENDPOINT_URL": s3_address}.items():
        monkeypatch.setenv(CREDENTIALS + name, value)
    for path in folder.iterdir():
        client(s3_address).upload_file(str(path), "stammdaten", f"export/{path.name}")
    return client(s3_address)


def test_a_folder_in_an_object_store_is_read_like_a_local_one(folder, bucket, home):
    bucket.put_object(Bucket="stammdaten", Key="export/alt/deep/person.csv", Body=b"x")
    bucket.put_object(Bucket="stammdaten", Key="other/person.csv", Body=b"x")
    assert read(FilesSettings(Remote("s3://stammdaten/export"))) == read(FilesSettings(folder))
    assert (
        load(FilesSettings(Remote("s3://stammdaten/export")), home).source == "files: s3://stammdaten/export"
    )


@pytest.mark.parametrize("url", ["s3://stammdaten/nowhere", "s3://nobucket/export"])
def test_a_folder_that_the_store_does_not_have_is_named(bucket, url):
    assert message(Remote(url)) == f"{url}: there is no such folder or file; mend SOURCES__ERP__FILES__FOLDER"


def test_a_store_that_does_not_answer_is_named(bucket, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv(CREDENTIALS + "ENDPOINT_URL", f"http://127.0.0.1:{port}")
    text = message(Remote("s3://stammdaten/export"))
    assert text.startswith("s3://stammdaten: no connection, or it broke off; is the server up")


# Settings


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ftp://host/folder", "ftp:// cannot be read; it may be a local folder or sftp, s3, gs, az"),
        (
            "sftp://erp:geheim@host/folder",
            "credentials do not belong into an address; set them as SOURCES__ERP",
        ),
        ("sftp://erp@host/folder", "credentials do not belong into an address"),
        ("s3://bucket/export?secret=geheim", "credentials do not belong into an address"),
        ("sftp:///folder", "not an address; write it as sftp://host/folder"),
        ("sftp://host:port/folder", "not an address; write it as sftp://host/folder"),
    ],
)
def test_an_address_that_cannot_be_used_is_named_without_its_credentials(url, expected):
    with pytest.raises(SettingsError) as caught:
        check_address(url)
    assert str(caught.value).startswith(f"SOURCES__ERP__FILES__FOLDER: {expected}")
    assert "geheim" not in str(caught.value)


def test_a_missing_package_is_named_with_how_to_install_it(tmp_path):
    code = (
        "import sys\n"
        "sys.modules['s3fs'] = None\n"
        "from pipelines.erp.files.remote import Remote, copy\n"
        "from pipelines.errors import SettingsError\n"
        "from pathlib import Path\n"
        "try:\n"
        "    copy(Remote('s3://bucket/export'), Path(sys.argv[1]), bool, bool, 0, 1)\n"
        "except SettingsError as problem:\n"
        "    print(problem)\n"
    )
    environment = {
        "SOURCES__ERP__FILES__CREDENTIALS__AWS_ACCESS_KEY_ID": KEY,
        "SOURCES__ERP__FILES__CREDENTIALS__AWS_SECRET_ACCESS_KEY": SECRET,
    }
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=project_root(),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == (
        "SOURCES__ERP__FILES__FOLDER: s3:// needs the package s3fs; install it: pip install 'stammdaten[s3]'"
    ), done.stderr
