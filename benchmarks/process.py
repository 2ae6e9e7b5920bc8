"""Runs one step as a process of its own and says what it cost, as the operating system counted it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Cost:
    """What a process took: wall and processor time in seconds, peak of resident memory in MB, its last line."""

    seconds: float
    cpu: float
    peak_mb: float
    said: str


def run(
    argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path = ROOT, allowed: Sequence[int] = (0,)
) -> Cost:
    """Runs a program to its end. Raises RuntimeError with its last words when it fails."""
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        tempfile.NamedTemporaryFile() as figures,
    ):
        subprocess.run(
            [sys.executable, str(LAUNCHER), figures.name, *argv],
            # Compiled once, as where it is installed, whatever the environment of the suite says.
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            check=True,
        )
        cost = json.load(figures)
        out.seek(0)
        err.seek(0)
        said = out.read().decode(errors="replace").strip()
        if cost["status"] not in allowed:
            words = err.read().decode(errors="replace").strip() or said
            raise RuntimeError(f"{' '.join(argv[:4])} ended with {cost['status']}: {words[-2000:]}")
        return Cost(cost["seconds"], cost["cpu"], cost["peak_mb"], said)


def python(module: str, *arguments: object, env: Mapping[str, str] | None = None) -> Cost:
    """Runs a module of this project with the interpreter that runs the suite."""
    return run([sys.executable, "-m", module, *(str(argument) for argument in arguments)], env)


@contextmanager
def stub(latency_ms: int) -> Iterator[str]:
    """Address of a stub server that ends with the block."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub", str(latency_ms)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.stdin.close()
        server.wait(timeout=10)
