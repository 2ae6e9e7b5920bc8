"""Documents in OpenWOWI, over real HTTP on loopback: Base64 inside JSON however it is written, or the bytes."""

import base64
import gzip
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import JSONResponse, Response, StreamingResponse

from pipelines.erp.content import ContentProblem, content_reader
from pipelines.erp.content.document import EMPTY, MISSING, OUTSIDE, SIZE, TOO_LARGE, UNREACHABLE, UNREADABLE
from pipelines.erp.content.openwowi import OpenWowiSource, _Decoded
from pipelines.erp.delivery.delivery import Wanted
from pipelines.erp.openwowi.client import Access
from pipelines.erp.openwowi.door import OpenWowi
from tests.erp.content.reading import document, problem, read, reason
from tests.erp.openwowi_server import API_KEY, PASSWORD, USERNAME, FakeOpenWowi, portfolio, status

PATH = "DocumentRead/UseUnit/FileContent/5b0e"
CONTENT = os.urandom(300_001)
WANTED = document("Grundriss.pdf", "UseUnit/5b0e")


@pytest.fixture
def fake() -> Iterator[FakeOpenWowi]:
    with FakeOpenWowi(portfolio()) as server:
        yield server


@pytest.fixture
def reader(fake, reading):
    return reading(OpenWowiSource(Access(fake.url, USERNAME, PASSWORD, API_KEY), backoff_seconds=0.01))


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def as_json(text: str) -> Response:
    return Response(text, media_type="application/json")


ANSWERS = {
    "a text": lambda: JSONResponse(encoded(CONTENT)),
    "a text with every sign escaped as .NET does": lambda: as_json(
        f'  "{encoded(CONTENT)}"'.replace("+", "\\u002B").replace("/", "\\/").replace("=", "\\u003d")
    ),
    "a field": lambda: JSONResponse(
        {"Id": 31, "FileName": 'a "b"', "Contents": encoded(CONTENT), "Hash": "x"}
    ),
    "a field behind others that hold objects": lambda: JSONResponse(
        {
            "FileType": {"Id": 1, "Name": 'Vertrag "Contents": "AAAA"', "Groups": [{"Id": 2}, {}]},
            "Tags": ["Contents"],
            "Contents": encoded(CONTENT),
        }
    ),
    "a text in lines": lambda: JSONResponse(base64.encodebytes(CONTENT).decode().replace("\n", "\r\n")),
    "a text behind a mark of UTF-8": lambda: as_json(f'\ufeff"{encoded(CONTENT)}"'),
    "the bytes": lambda: Response(CONTENT, media_type="application/pdf"),
    "the bytes in pieces": lambda: StreamingResponse(
        iter([CONTENT[:7], CONTENT[7:]]), media_type="application/octet-stream"
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_the_bytes_are_read_however_they_are_told(fake, reader, name):
    fake.files[PATH] = ANSWERS[name]
    assert read(reader, replace(WANTED, groesse_bytes=len(CONTENT))) == CONTENT
    assert reason(reader, replace(WANTED, groesse_bytes=1)) == SIZE
    assert reason(reader, WANTED, len(CONTENT) - 1) == TOO_LARGE
    assert len(read(reader, WANTED, len(CONTENT))) == len(CONTENT)


def test_the_load_says_where_the_bytes_are_and_the_reader_finds_them_there(fake, reader, tmp_path):
    fake.files[PATH] = ANSWERS["a text"]
    door = OpenWowi(Access(fake.url, USERNAME, PASSWORD, API_KEY), optional=("dokument",))
    with door.opened(Wanted("openwowi", tmp_path)) as delivery:
        (row,) = [row for batch in delivery.tables["dokument"].read() for row in batch.to_pylist()]
    assert read(reader, document(row["dateiname"], row["pfad"])) == CONTENT


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("null", EMPTY),
        ('""', EMPTY),
        ("{}", EMPTY),
        ('{"Contents": null}', EMPTY),
        ('"no Base64!"', UNREADABLE),
        ('"AAA"', UNREADABLE),
        ("[1, 2]", UNREADABLE),
        ('{"Message": "Frau Geheimrat"}', EMPTY),
        ("x" * 100_000, UNREADABLE),
        ('"AAAA', UNREACHABLE),
    ],
)
def test_an_answer_without_a_file_has_a_reason(fake, reader, answer, expected):
    fake.files[PATH] = lambda: as_json(answer)
    told, message = problem(reader, WANTED)
    assert told == expected
    assert "Geheimrat" not in message


def test_a_web_page_in_place_of_a_file_is_no_file_but_where_the_document_is_one(fake, reader):
    fake.files[PATH] = lambda: Response("<html>Anmelden</html>", media_type="text/html")
    told, message = problem(reader, WANTED)
    assert (told, "a web page" in message) == (UNREADABLE, True)
    assert read(reader, document("Aushang.HTML", "UseUnit/5b0e")) == b"<html>Anmelden</html>"


def test_a_packed_answer_is_not_unpacked(fake, reader):
    fake.files[PATH] = lambda: Response(
        gzip.compress(json.dumps(encoded(CONTENT)).encode()),
        headers={"Content-Encoding": "gzip"},
        media_type="application/json",
    )
    assert reason(reader, WANTED) == UNREADABLE


def test_a_file_that_is_not_there_and_a_path_that_is_none(reader):
    assert reason(reader, WANTED) == MISSING
    assert reason(reader, document("Grundriss.pdf")) == MISSING
    for path in ("UseUnit/../Person/1", "Nobody/1", "UseUnit/a/b", "UseUnit/", "UseUnit/1?x=1"):
        assert reason(reader, document("x.pdf", path)) == OUTSIDE


def test_a_token_that_expired_is_renewed(fake, reader):
    fake.files[PATH] = ANSWERS["a text"]
    fake.faults[PATH, 1] = fake.faults[PATH, 3] = fake.revoke
    assert read(reader, WANTED) == read(reader, WANTED) == CONTENT
    assert len(fake.logins) >= 2


def test_what_passes_is_tried_again_and_what_stays_is_no_fault_of_the_document(fake, reader):
    fake.files[PATH] = ANSWERS["a text"]
    fake.faults[PATH, 1], fake.faults[PATH, 2] = status(429), status(503)
    assert read(reader, WANTED) == CONTENT
    fake.always[PATH] = status(500)
    told, message = problem(reader, WANTED)
    assert told == UNREACHABLE
    assert "the server failed (HTTP 500) 5 times in a row" in message
    fake.always[PATH] = status(403)
    assert 'grant the API key the right "Dokumente lesen"' in problem(reader, WANTED)[1]


def test_threads_share_one_login_also_when_its_token_expires(fake, reader):
    fake.files[PATH] = ANSWERS["a text"]
    fake.faults[PATH, 5] = fake.revoke
    with ThreadPoolExecutor(3) as threads:
        assert set(threads.map(lambda _: read(reader, WANTED), range(9))) == {CONTENT}
    assert len(fake.logins) == 2


def test_no_credential_is_in_a_message(fake, reading):
    reader = reading(OpenWowiSource(Access(fake.url, USERNAME, "wrong-one", API_KEY), 0.01))
    told, message = problem(reader, WANTED)
    assert told == UNREACHABLE
    assert "mend SOURCES__ERP__OPENWOWI__USERNAME" in message
    assert "wrong-one" not in message


def test_the_settings_of_the_delivery_lead_there(fake, home, monkeypatch):
    fake.files[PATH] = ANSWERS["the bytes"]
    monkeypatch.setenv("STAMMDATEN_HOME", str(home))
    for name, value in {
        "KIND": "openwowi",
        "OPENWOWI__BASE_URL": fake.url,
        "OPENWOWI__USERNAME": USERNAME,
        "OPENWOWI__PASSWORD": PASSWORD,
        "OPENWOWI__API_KEY": "plain-key",
    }.items():
        monkeypatch.setenv(f"SOURCES__ERP__{name}", value)
    with content_reader() as reader:
        told, message = problem(reader, WANTED)
    assert told == UNREACHABLE
    assert "HTTP 400" in message


@settings(max_examples=150, deadline=None)
@given(content=st.binary(max_size=400), sizes=st.lists(st.integers(1, 40), min_size=1), data=st.data())
def test_base64_is_decoded_wherever_the_answer_is_cut(content, sizes, data):
    text = encoded(content)
    for sign, escape in (("+", "\\u002b"), ("/", "\\/"), ("=", "\\u003D")):
        if data.draw(st.booleans()):
            text = text.replace(sign, escape)
    rest = json.dumps("").encode()[:1] + text.encode() + b'"'
    pieces = []
    while rest:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(rest[:size])
        rest = rest[size:]
    coming = iter(pieces)
    decoded = _Decoded(lambda _: next(coming, b""))
    found = b"".join(iter(lambda: decoded.read(17), b""))
    assert found == content


def test_the_reasons_are_raised_by_the_reader_alone(reader):
    with pytest.raises(ContentProblem) as caught, reader.read(WANTED, 1):
        pass
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
