"""Bounds of what is read: time, size, nesting and numbers of an answer; waits; logins; pages. Over real sockets."""

import gzip
import json
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from pipelines.api.http.bodies import UnusableBody, read_body
from pipelines.api.http.client import Client, PartnerStopped
from pipelines.api.http.limiter import Limiter, Policy, Reply
from pipelines.api.http.retry import Allowance, allowance, retry_after
from pipelines.api.logins import expires_at, expires_in, usable
from pipelines.contract.contract import Limits

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def raw(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and lets `answer` write whatever it likes."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                connection, _ = listening.accept()
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

    def talk(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            read_request(connection)
            answer(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listening.close()


def read_request(connection: socket.socket) -> None:
    """Reads all of it: what is left unread when a connection is closed would reset it, and cut the answer short."""
    head = b""
    while b"\r\n\r\n" not in head and (more := connection.recv(65_536)):
        head += more
    head, _, body = head.partition(b"\r\n\r\n")
    length = int((re.findall(rb"(?i)content-length: *(\d+)", head) or [b"0"])[0])
    while len(body) < length and (more := connection.recv(65_536)):
        body += more


def client_of(url: str, timeout: float = 5.0, **limits: Any) -> Client:
    return Client("etg24", url, Limits(in_flight=1, **limits), lambda _: ({}, None), timeout=timeout)


def drip(start: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        for _ in range(200):
            time.sleep(0.05)
            connection.sendall(drop)

    return answer


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (HEAD + b"Content-Length: 1000\r\n\r\n[", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (HEAD, b"X: y\r\n"),
        (b"HTTP/1.1 2", b"0"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_an_answer_that_drips_is_not_waited_for(start: bytes, drop: bytes) -> None:
    with raw(drip(start, drop)) as url:
        began = time.monotonic()
        answer = client_of(url, timeout=0.5).call("post", "/things", {}, repeat=False)
        seconds = time.monotonic() - began
    assert not answer.ok
    assert answer.problem in ("timeout", "broken")
    assert seconds < 3.0


def sends(whole: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(whole)


def packed(body: bytes, encoding: str) -> bytes:
    return (
        HEAD + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n" % (encoding.encode(), len(body)) + body
    )


BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]")


@pytest.mark.parametrize(
    "answer",
    [
        sends(HEAD + b"Content-Length: 3000000\r\n\r\n" + b"[" + b" " * 2_999_998 + b"]"),
        sends(packed(BOMB, "gzip")),
        sends(packed(zlib.compress(b"[" + b" " * 50_000_000 + b"]"), "deflate")),
        sends(packed(BOMB, "gzip, gzip")),
        sends(packed(b"[]", "br")),
        sends(packed(b"[]", "gzip")),
    ],
)
def test_an_answer_that_is_too_large_or_packed_too_well_is_not_read(
    answer: Callable[[socket.socket], None],
) -> None:
    with raw(answer) as url:
        found = client_of(url, answer_mib=1).call("post", "/things", {}, repeat=False)
    assert (found.ok, found.problem, found.lost) == (False, "unusable", True)


def test_an_answer_that_is_packed_is_unpacked() -> None:
    with raw(sends(packed(gzip.compress(b'{"id": 7}'), "gzip"))) as url:
        assert client_of(url).call("get", "/things").body == {"id": 7}


@pytest.mark.parametrize(
    "whole",
    [
        HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(5000)) + b"\r\n[]",
        HEAD + b"X: " + b"y" * 10_000_000 + b"\r\n\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"F" * 100_000,
        HEAD + b"Content-Length: ten\r\n\r\n[]",
        b"\x00\xff\xfe",
        b"HTTP/9.9 abc\r\n\r\n",
    ],
)
def test_what_is_no_http_is_a_broken_connection_or_nothing(whole: bytes) -> None:
    with raw(sends(whole)) as url:
        found = client_of(url).call("post", "/things", {}, repeat=False)
    assert found.lost or found.ok


@pytest.mark.parametrize(
    "text",
    [
        '{"total": 1e999}',
        '{"total": -1e999}',
        '{"n": NaN}',
        '{"n": Infinity}',
        '{"n": %s}' % ("9" * 5000),
        '{"n": %s.0}' % ("9" * 400),
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 500 + "1" + "}" * 500,
    ],
    ids=lambda text: text[:20],
)
def test_json_that_could_do_harm_is_unusable(text: str) -> None:
    with pytest.raises(UnusableBody):
        read_body(text.encode(), "application/json")


def test_json_is_read_as_it_is_meant() -> None:
    assert read_body(b"", "application/json") == ("empty", None)
    assert read_body(b" \n", "") == ("empty", None)
    assert read_body(b"OK", "text/plain") == ("other", None)
    assert read_body(b'{"a": "\xff"}', "") == ("other", None)
    assert read_body(b"null", "") == ("json", None)
    assert read_body('\ufeff{"ort": "Köln"}'.encode(), "") == ("json", {"ort": "Köln"})
    assert read_body('{"ort": "Köln"}'.encode("latin-1"), "application/json; charset=ISO-8859-1") == (
        "json",
        {"ort": "Köln"},
    )
    assert read_body(b'{"a": "\\ud83d\\ude00", "b": ["\\ud800x"]}', "") == (
        "json",
        {"a": "😀", "b": ["\ufffdx"]},
    )
    assert read_body(json.dumps({"a": [[1]] * 300}).encode(), "")[1] == {"a": [[1]] * 300}
    assert read_body(b'{"n": 1e300, "m": 12345678901234567890}', "") == (
        "json",
        {"n": 1e300, "m": 12345678901234567890},
    )


NOON = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("value", ["1e999", "1_000", "0x10", "٣", "9" * 400, "nan", "-"])
def test_a_header_that_is_no_plain_number_is_as_good_as_none(value: str) -> None:
    assert retry_after({"Retry-After": value}, NOON) is None
    assert allowance({"X-RateLimit-Remaining": value, "X-RateLimit-Reset": "5"}, NOON) is None


def test_a_wait_is_bounded_by_a_year() -> None:
    assert retry_after({"Retry-After": "900000000"}, NOON) == 366 * 86_400
    assert retry_after({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, NOON) == 366 * 86_400


def test_of_several_windows_the_one_with_the_least_left_counts() -> None:
    told = {
        "X-RateLimit-Remaining-Second": "999",
        "X-RateLimit-Remaining-Minute": "9000",
        "X-RateLimit-Remaining-Hour": "12",
    }
    assert allowance(told, NOON) == Allowance(12, 3570)
    assert allowance({**told, "X-RateLimit-Remaining-Hour": "19000"}, NOON) == Allowance(999, 1)
    assert allowance(
        {**told, "X-RateLimit-Remaining-Hour": "0", "X-RateLimit-Remaining-Minute": "0"}, NOON
    ) == (Allowance(0, 3570))


def test_an_hourly_limit_may_be_used_at_once_and_then_holds_for_an_hour() -> None:
    policy = Policy(Limits(per_hour=7))
    for _ in range(7):
        assert policy.pause(100.0) == 0
        policy.answered(policy.sent(100.0), 100.0, Reply())
    assert policy.pause(100.0) == 3600
    assert policy.pause(3700.0) == 0


def test_waits_that_add_up_to_more_than_two_hours_are_for_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    limiter = Limiter(Limits())
    for _ in range(3):
        limiter.leave(limiter.enter(), Reply(refused=True, wait=2400.0))
        clock[0] += 2401
    limiter.leave(limiter.enter(), Reply(refused=True, wait=60.0))
    with pytest.raises(
        PartnerStopped, match=r"asked to wait for 2\.0 hours in this run, longer than 2 hours;"
    ) as why:
        limiter.enter()
    assert "run again after 20" in str(why.value)


@pytest.mark.parametrize("value", [None, "", 7.5, True, [], {}, "a\nb", "tökén", "\ud800", " ", "x" * 20_000])
def test_a_token_that_cannot_be_sent_is_none(value: object) -> None:
    assert usable([value]) is None


def test_a_token_is_the_first_that_can_be_sent() -> None:
    assert usable([None, "s3cr3t", "other"]) == "s3cr3t"
    assert usable([42]) == "42"


@pytest.mark.parametrize("value", [None, "soon", -1, 0, 1e999, "1e999", float("nan"), True, [], "9" * 400])
def test_a_lifetime_that_cannot_be_right_is_the_documented_one(value: object) -> None:
    assert expires_in(value, 60) == pytest.approx(time.time() + 60, abs=5)
    assert expires_at(value, 60) == pytest.approx(time.time() + 60, abs=5)


def test_a_lifetime_is_read_from_numbers_texts_and_time_stamps() -> None:
    assert expires_in("120", 60) == pytest.approx(time.time() + 120, abs=5)
    ahead = datetime.fromtimestamp(time.time() + 500, UTC).isoformat()
    assert expires_at(ahead) == pytest.approx(time.time() + 500, abs=5)


def test_a_token_with_characters_that_no_header_bears_ends_the_partner() -> None:
    with raw(sends(HEAD + b"Content-Length: 2\r\n\r\n[]")) as url:
        client = Client("etg24", url, Limits(), lambda _: ({"Authorization": "Bearer t\u20ac"}, None))
        with pytest.raises(PartnerStopped, match="the login holds characters that cannot be sent"):
            client.call("get", "/things")
