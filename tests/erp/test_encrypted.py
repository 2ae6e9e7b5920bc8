"""Who is beyond this machine is reached encrypted, unless a setting says otherwise and the load says so."""

import pytest
import sqlalchemy as sa

from pipelines.erp.database.door import SqlSettings
from pipelines.erp.delivery import encrypted
from pipelines.erp.delivery.encrypted import demanded, is_here
from pipelines.erp.files.remote import Remote
from pipelines.erp.load import load
from pipelines.erp.settings import erp_settings
from pipelines.errors import DeliveryError, SettingsError
from tests.erp.postgres import ALL

# Linux takes it for this machine; the address does not say so.
ANYWHERE = "0.0.0.0"  # noqa: S104
PG = "postgresql+psycopg://"
ODBC = "mssql+pyodbc://"
ALLOW = "set SOURCES__ERP__ALLOW_UNENCRYPTED=true"


def line(address: str, lifted: bool = False, **environment: str) -> encrypted.Line:
    return demanded(sa.make_url(address), lifted, environment)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("[::1]", True),
        ("/var/run/postgresql", True),
        ("", True),
        (ANYWHERE, False),
        ("10.0.0.7", False),
        ("localhost.example.org", False),
        ("db", False),
        ("127.0.0.1.example.org", False),
    ],
)
def test_only_loopback_and_sockets_are_this_machine(host, expected):
    assert is_here(host) is expected


@pytest.mark.parametrize(
    ("address", "environment", "expected"),
    [
        ("u@db.example.org/erp", {}, {"sslmode": "require"}),
        ("u@db.example.org/erp", {"PGSSLMODE": "verify-full"}, {"sslmode": "verify-full"}),
        ("u@db.example.org/erp", {"PGSSLMODE": "disable"}, {"sslmode": "require"}),
        ("u@db.example.org/erp?sslmode=verify-full", {}, {}),
        ("u@127.0.0.1/erp", {}, {}),
        ("u@127.0.0.1/erp?sslmode=disable", {}, {}),
        ("u@/erp?host=/var/run/postgresql", {}, {}),
        ("u@/erp?host=db.example.org:5432", {}, {"sslmode": "require"}),
        ("u@/erp?host=127.0.0.1:5432&host=db.example.org", {}, {"sslmode": "require"}),
        ("u@localhost/erp?hostaddr=10.0.0.7", {}, {"sslmode": "require"}),
        ("u@/erp", {}, {}),
        ("u@/erp", {"PGHOST": "db.example.org"}, {"sslmode": "require"}),
    ],
)
def test_postgresql_beyond_this_machine_is_told_to_encrypt(address, environment, expected):
    assert line(PG + address, **environment) == encrypted.Line(sa.make_url(PG + address), expected)


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "required"])
def test_a_weaker_mode_is_refused_and_named_with_the_setting_that_lifts_it(mode):
    with pytest.raises(SettingsError) as caught:
        line(f"{PG}u:geheim@db.example.org/erp?sslmode={mode}")
    text = str(caught.value)
    assert text.startswith(
        f"SOURCES__ERP__SQL__CREDENTIALS: postgresql://db.example.org: sslmode={mode} does not encrypt in any case; "
        "write one of sslmode=require, verify-ca, verify-full"
    )
    assert ALLOW in text
    assert "geheim" not in text


def test_a_service_must_say_its_mode_in_the_address():
    with pytest.raises(SettingsError, match="a service without sslmode"):
        line(f"{PG}u@/erp?service=erp")


def test_where_it_is_lifted_the_load_says_so():
    told = line(f"{PG}u@db.example.org/erp?sslmode=disable", lifted=True)
    assert told.connect == {}
    assert told.notes == (
        "postgresql://db.example.org: the connection may be unencrypted, as SOURCES__ERP__ALLOW_UNENCRYPTED says; "
        "personal data can be read on its way.",
    )
    assert line(f"{PG}u@db.example.org/erp?sslmode=require", lifted=True).notes == ()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("u:p@db.example.org/erp?driver=ODBC+Driver+17", {"driver": "ODBC Driver 17", "Encrypt": "yes"}),
        ("u:p@db.example.org/erp?Encrypt=strict", {"Encrypt": "strict"}),
        ("u:p@127.0.0.1/erp", {}),
        ("u:p@db.example.org/erp?driver=FreeTDS", {"driver": "FreeTDS", "Encryption": "require"}),
        ("/?odbc_connect=Server%3Ddb.example.org%3B", {"odbc_connect": "Server=db.example.org;;Encrypt=yes"}),
        ("/?odbc_connect=Server%3Dtcp:127.0.0.1,1433", {"odbc_connect": "Server=tcp:127.0.0.1,1433"}),
    ],
)
def test_sql_server_beyond_this_machine_is_told_to_encrypt(address, expected):
    assert dict(line(ODBC + address).url.query) == expected


def test_sql_server_without_encryption_is_refused():
    with pytest.raises(SettingsError, match="Encrypt=no does not encrypt; write Encrypt=yes"):
        line(f"{ODBC}u:p@db.example.org/erp?Encrypt=no")


def test_oracle_beyond_this_machine_goes_over_tcps():
    address = "oracle+oracledb://u:p@db.example.org:2484/?service_name=ERP"
    with pytest.raises(SettingsError, match="would not be encrypted; write protocol=tcps"):
        line(address)
    assert line(f"{address}&protocol=tcps").connect == {"dsn": "tcps://db.example.org:2484/ERP"}


def test_a_driver_that_is_not_known_is_a_note():
    (note,) = line("mysql+pymysql://u:p@db.example.org/erp").notes
    assert note.startswith("mysql://db.example.org: whether the connection is encrypted is not checked")
    assert line("sqlite:////tmp/erp.db").notes == ()


def test_a_server_without_tls_gets_no_row_read_unless_that_is_allowed(postgres, home):
    address = postgres.url("delivery").replace("127.0.0.1", ANYWHERE).replace("postgresql:", PG[:-2])
    door = SqlSettings(sa.make_url(address), ALL, "views.yml")
    with pytest.raises(DeliveryError) as caught:
        load(door, home)
    assert "the server does not encrypt; switch TLS on there, or " + ALLOW in str(caught.value)
    (note,) = load(SqlSettings(sa.make_url(address), ALL, "views.yml", may_be_unencrypted=True), home).notes
    assert note.startswith("postgresql://0.0.0.0: the connection may be unencrypted")


def test_an_object_store_beyond_this_machine_is_reached_by_https(tmp_path, monkeypatch):
    from tests.erp.test_remote_files import CREDENTIALS

    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "REGION_NAME": "eu"}.items():
        monkeypatch.setenv(CREDENTIALS + name, value)
    monkeypatch.setenv(CREDENTIALS + "ENDPOINT_URL", "http://store.example.org:9000")
    from pipelines.erp.files.remote import copy

    with pytest.raises(SettingsError) as caught:
        copy(Remote("s3://bucket/export"), tmp_path, bool, bool, 0, 1)
    assert str(caught.value) == (
        f"{CREDENTIALS}ENDPOINT_URL: http://store.example.org would carry personal data unencrypted; "
        f"use https, or {ALLOW}"
    )


def test_an_address_that_the_library_finds_by_itself_is_judged_too(tmp_path, monkeypatch):
    from pipelines.erp.files.remote import copy
    from tests.erp.test_remote_files import CREDENTIALS

    for name, value in {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "REGION_NAME": "eu"}.items():
        monkeypatch.setenv(CREDENTIALS + name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://store.example.org:9000")
    with pytest.raises(
        SettingsError, match=r"http://store\.example\.org would carry personal data unencrypted"
    ):
        copy(Remote("s3://bucket/export"), tmp_path, bool, bool, 0, 1)


def test_a_lifted_address_is_a_note():
    assert encrypted.check_address("X", "https://store.example.org", False) == ()
    assert encrypted.check_address("X", "http://127.0.0.1:9000", False) == ()
    (note,) = encrypted.check_address("X", "http://store.example.org", True)
    assert note.startswith("http://store.example.org: the connection may be unencrypted")


def test_the_setting_is_true_or_false(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCES__ERP__FILES__FOLDER", "s3://bucket/export")
    monkeypatch.setenv("SOURCES__ERP__ALLOW_UNENCRYPTED", "maybe")
    with pytest.raises(
        SettingsError, match=r"^SOURCES__ERP__ALLOW_UNENCRYPTED: 'maybe' is not true or false"
    ):
        erp_settings()
