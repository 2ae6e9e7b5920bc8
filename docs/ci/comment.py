"""Writes a Markdown file as the one comment of a pull or merge request, or over the one that an earlier run wrote.

`python docs/ci/comment.py FILE`. GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY, PULL_REQUEST. GitLab: GITLAB_TOKEN (a project
token with the scope api; a job's own cannot comment), CI_PROJECT_ID, CI_MERGE_REQUEST_IID. Without a token, as in a
request from a fork, the text is printed and nothing is sent.

Exit status: 0 written or printed, 1 the forge did not take it, 2 nothing to write, or a variable is missing.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

# The first line of what `stammdaten diff --format markdown` writes.
MARK = "<!-- stammdaten-diff -->"
# What comments of former versions begin with.
FORMER = "<!-- stammdaten diff -->"
MOST = 60_000  # characters; GitHub takes 65,536
CUT = "\n\n*Cut here: all of it is in the artifact of this run.*\n"
SECONDS = 30


@dataclass(frozen=True)
class Forge:
    """Where comments of one request are listed and made, where one is changed, and how it is."""

    comments: str
    comment: str
    change: str
    headers: dict[str, str]


def forge(env: dict[str, str]) -> Forge | None:
    """The forge that these variables speak of; None without a token. Raises KeyError of a missing one."""
    if token := env.get("GITHUB_TOKEN"):
        api = f"{env.get('GITHUB_API_URL', 'https://api.github.com')}/repos/{env['GITHUB_REPOSITORY']}/issues"
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        return Forge(f"{api}/{env['PULL_REQUEST']}/comments", f"{api}/comments", "PATCH", headers)
    if token := env.get("GITLAB_TOKEN"):
        api = f"{env['CI_API_V4_URL']}/projects/{env['CI_PROJECT_ID']}/merge_requests/{env['CI_MERGE_REQUEST_IID']}"
        return Forge(f"{api}/notes", f"{api}/notes", "PUT", {"PRIVATE-TOKEN": token})
    return None


def written(text: str) -> str:
    """The comment: marked, so that the next run finds it, and not longer than a forge takes."""
    body = text if text.startswith(MARK) else f"{MARK}\n{text}"
    if len(body) <= MOST:
        return body
    # A fold that is cut in its middle is closed; one `</details>` too many does no harm.
    return f"{body[:MOST].rpartition(chr(10))[0]}\n\n</details>{CUT}"


def comments(session: requests.Session, url: str) -> Iterator[dict[str, Any]]:
    """All comments, page by page."""
    page = 1
    while True:
        answer = session.get(url, params={"per_page": 100, "page": page}, timeout=SECONDS)
        answer.raise_for_status()
        found = answer.json()
        yield from found
        if len(found) < 100:
            return
        page += 1


def write(where: Forge, body: str) -> str:
    """Writes the comment and says what was done. Raises RequestException where the forge did not take it."""
    with requests.Session() as session:
        session.headers.update(where.headers)
        ours = [
            one["id"]
            for one in comments(session, where.comments)
            if str(one.get("body")).startswith((MARK, FORMER))
        ]
        method, url = (where.change, f"{where.comment}/{ours[-1]}") if ours else ("POST", where.comments)
        session.request(method, url, json={"body": body}, timeout=SECONDS).raise_for_status()
        return "changed" if ours else "made"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not (file := Path(arguments[0])).is_file():
        sys.stderr.write(f"{__doc__}\n{' '.join(arguments)}: no file to write\n")
        return 2
    body = written(file.read_text(encoding="utf-8"))
    try:
        where = forge(dict(os.environ))
    except KeyError as missing:
        sys.stderr.write(f"{missing.args[0]} is not set\n")
        return 2
    if where is None:
        sys.stdout.write(f"No token, so nothing is written at the forge:\n\n{body}\n")
        return 0
    try:
        sys.stdout.write(f"The comment was {write(where, body)}.\n")
    except requests.RequestException as problem:
        sys.stderr.write(f"The comment was not written: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
