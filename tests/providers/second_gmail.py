"""A second Gmail that others wrote (`emulate`, from npm), started on loopback for the contract tests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest

RECIPE = Path(__file__).parent / "emulator"
KEPT_IN = Path(__file__).parents[2] / ".tools"
NODE = Path(sys.executable).parent / "node"
TOKENS = {"ann-token": "ann@haldenrowe.example", "bob-token": "bob@haldenrowe.example"}


def installed() -> Path:
    """Return where the emulator is, installed if need be; skip where npm or its registry is out of reach."""
    program, trouble = _installed_once()
    if trouble:
        pytest.skip(f"the second Gmail is not installed: {trouble}")
    return program


@cache
def _installed_once() -> tuple[Path, str]:
    if not NODE.exists():
        return NODE, "there is no node beside this Python"
    lock = (RECIPE / "package-lock.json").read_bytes()
    home = KEPT_IN / f"second-gmail-{hashlib.sha256(lock).hexdigest()[:12]}"
    program = home / "node_modules" / "emulate" / "dist" / "index.js"
    if program.exists():
        return program, ""
    shutil.copytree(RECIPE, home, dirs_exist_ok=True)
    return program, _install(home)


def _install(home: Path) -> str:
    """Install it; return what went wrong, or nothing."""
    npm = [str(NODE.parent / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    env = os.environ | {"PATH": f"{NODE.parent}:{os.environ['PATH']}"}
    try:
        done = subprocess.run(npm, cwd=home, env=env, capture_output=True, timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "npm did not answer within a minute"
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return (
        f"npm is out of reach ({said[0] if said else 'no reason given'})" if done.returncode else ""
    )


@contextmanager
def second_gmail(folder: Path) -> Iterator[str]:
    """Run the emulator with Ann's and Bob's mailboxes; yield its address."""
    program = installed()
    seed = folder / "seed.json"
    people = [{"email": address, "name": address[:3]} for address in TOKENS.values()]
    tokens = {token: {"login": address} for token, address in TOKENS.items()}
    seed.write_text(json.dumps({"tokens": tokens, "google": {"users": people}}))
    port = _free_port()
    command = [NODE, program, "start", "--service", "google", "--port", str(port), "--seed", seed]
    with (folder / "second-gmail.log").open("wb") as log:
        # A group of its own: `node` is a small program that starts the real one.
        running = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, running)
            yield url
        finally:
            os.killpg(running.pid, signal.SIGTERM)
            running.wait(10)


def _wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and running.poll() is None:
        try:
            httpx.get(url, timeout=1)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the second Gmail did not start")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
