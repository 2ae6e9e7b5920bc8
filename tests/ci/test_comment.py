"""The comment of a check, written over real HTTP to a server on this machine that keeps comments as a forge does."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pipelines.diff.markdown import markdown
from tests.diff.examples import REPORT

PROGRAM = Path(__file__).resolve().parents[2] / "docs/ci/comment.py"
MARK = "<!-- stammdaten-diff -->"


class Forge(ThreadingHTTPServer):
    """Comments of one request, in pages; `fails` is the status of the next answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.fails = 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Forge

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        self.answer(self.server.comments[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        made = {"id": len(self.server.comments) + 1, **self.body()}
        self.server.comments.append(made)
        self.answer(made, 201)

    def do_PATCH(self) -> None:
        (found,) = [one for one in self.server.comments if self.path.endswith(f"/{one['id']}")]
        found.update(self.body())
        self.answer(found)

    do_PUT = do_PATCH

    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return read

    def answer(self, value: Any, status: int = 200) -> None:
        token = self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or ""
        self.server.calls.append(f"{self.command} {urlsplit(self.path).path} {token}")
        data = json.dumps(value).encode()
        self.send_response(self.server.fails or status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def forge() -> Iterator[Forge]:
    server = Forge()
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def github(forge: Forge, **more: str) -> dict[str, str]:
    given = {"GITHUB_API_URL": forge.url, "GITHUB_REPOSITORY": "house/erp", "PULL_REQUEST": "7"}
    return {**given, "GITHUB_TOKEN": "a-token", **more}


def write(text: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    file = folder / "diff.md"
    file.write_text(text, encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not re.match(r"GITHUB|GITLAB|CI_|PULL_", key)}
    command = [sys.executable, str(PROGRAM), str(file)]
    env = {**clean, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_second_run_writes_over_the_comment_of_the_first(forge: Forge, tmp_path: Path) -> None:
    forge.comments = [{"id": 1, "body": "Looks good"}]
    assert write("3 rows go", tmp_path, **github(forge)).stdout == "The comment was made.\n"
    assert write("4 rows go", tmp_path, **github(forge)).stdout == "The comment was changed.\n"
    assert [one["body"] for one in forge.comments] == ["Looks good", f"{MARK}\n4 rows go"]
    assert forge.calls[0] == "GET /repos/house/erp/issues/7/comments Bearer a-token"
    assert forge.calls[-1] == "PATCH /repos/house/erp/issues/comments/2 Bearer a-token"


def test_what_stammdaten_diff_wrote_is_marked_once_and_comments_of_former_versions_are_found(
    forge: Forge, tmp_path: Path
) -> None:
    forge.comments = [{"id": 1, "body": "<!-- stammdaten diff -->\nold"}]
    said = markdown(REPORT)
    assert said.startswith(MARK)
    write(said, tmp_path, **github(forge))
    assert [one["body"] for one in forge.comments] == [said]


def test_gitlab_is_asked_in_its_own_words(forge: Forge, tmp_path: Path) -> None:
    given = {
        "CI_API_V4_URL": forge.url,
        "CI_PROJECT_ID": "12",
        "CI_MERGE_REQUEST_IID": "3",
        "GITLAB_TOKEN": "glpat",
    }
    write("one", tmp_path, **given)
    ended = write("two", tmp_path, **given)
    assert ended.returncode == 0, ended.stderr
    assert [one["body"] for one in forge.comments] == [f"{MARK}\ntwo"]
    assert forge.calls[-1] == "PUT /projects/12/merge_requests/3/notes/1 glpat"


def test_it_is_found_behind_two_hundred_others_and_one_that_quotes_it_is_left_alone(
    forge: Forge, tmp_path: Path
) -> None:
    forge.comments = [{"id": number, "body": f"no {number}"} for number in range(1, 201)]
    forge.comments[5]["body"] = f"> {MARK}\nwhy?"
    forge.comments.append({"id": 201, "body": f"{MARK}\nold"})
    write("new", tmp_path, **github(forge))
    assert len(forge.comments) == 201
    assert forge.comments[200]["body"] == f"{MARK}\nnew"
    assert forge.comments[5]["body"] == f"> {MARK}\nwhy?"


def test_a_long_text_is_cut_at_a_line_and_says_so(forge: Forge, tmp_path: Path) -> None:
    write("<details>\n" + "a line of ten\n" * 9_000, tmp_path, **github(forge))
    body = forge.comments[0]["body"]
    assert 59_000 < len(body) < 65_536
    assert body.endswith(
        "a line of ten\n\n</details>\n\n*Cut here: all of it is in the artifact of this run.*\n"
    )


def test_without_a_token_the_text_is_printed(forge: Forge, tmp_path: Path) -> None:
    ended = write("3 rows go", tmp_path, **github(forge, GITHUB_TOKEN=""))
    assert (ended.returncode, forge.calls) == (0, [])
    assert ended.stdout.endswith(f"{MARK}\n3 rows go\n")


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_forge_that_refuses_is_named_and_no_token_is_told(
    forge: Forge, tmp_path: Path, status: int
) -> None:
    forge.fails = status
    ended = write("3 rows go", tmp_path, **github(forge))
    assert ended.returncode == 1
    assert f"The comment was not written: {status}" in ended.stderr
    assert "a-token" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


def test_what_is_missing_is_named(forge: Forge, tmp_path: Path) -> None:
    given = github(forge)
    del given["PULL_REQUEST"]
    ended = write("x", tmp_path, **given)
    assert (ended.returncode, ended.stderr) == (2, "PULL_REQUEST is not set\n")
    (tmp_path / "diff.md").unlink()
    command = [sys.executable, str(PROGRAM), str(tmp_path / "diff.md")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 2
    assert "no file to write" in ended.stderr
