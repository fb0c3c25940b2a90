"""The command line as a person runs it: another process, real parts, no language model."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.model

SIMPATICO = [sys.executable, "-m", "simpatico.ui.cli"]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIMPATICO_")}
    return {**kept, "SIMPATICO_HOME": str(home), "SIMPATICO_LLM__ENABLED": "false", **more}


def run(home: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*SIMPATICO, *words],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_ask_prints_one_json_object(home: Path) -> None:
    done = run(home, "ask", "a gentle film about cooking", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) >= {"state", "recommendations", "reply", "trace", "degraded"}
    mood = answer["state"]["mood"]
    assert set(mood) == {"label", "labels", "distribution", "valence", "arousal", "confidence"}
    assert 3 <= len(answer["recommendations"]) <= 5
    for one in answer["recommendations"]:
        assert set(one) >= {
            *("id", "title", "year", "kind", "genres", "creators", "p_accept", "reasons"),
        }
        assert one["title"] in answer["reply"]


def test_read_and_recommend_answer_each_line_in_order(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    turn = {"role": "user", "text": "I just got dumped and I can't stop crying"}
    source.write_text(
        "\n".join(
            [
                json.dumps({"id": "a", "turns": [turn]}),
                "not json",
                json.dumps(
                    {
                        "id": "c",
                        "turns": [{"role": "seeker", "text": "a film like The Matrix"}],
                        "history": [
                            {"item_id": "The_Matrix_Reloaded", "kind": "seen", "at": "2020-01-01"}
                        ],
                    }
                ),
                json.dumps({"id": "d", "turns": [{"role": "nobody", "text": "x"}]}),
            ]
        )
    )
    read = run(home, "read", "--jsonl", str(source), "--out", str(tmp_path / "states.jsonl"))
    assert read.returncode == 0, read.stderr
    states = lines(tmp_path / "states.jsonl")
    assert [state["id"] for state in states] == ["a", None, "c", "d"]
    assert states[0]["state"]["mood"]["label"] in ("sadness", "grief")
    assert "line 2" in states[1]["error"]
    assert "role" in states[3]["error"]
    mentions = states[2]["state"]["mentions"]
    assert "The_Matrix" in mentions["liked"] + mentions["named"]

    ranked = run(
        home, "recommend", "--jsonl", str(source), "--out", str(tmp_path / "r.jsonl"), "--k", "20"
    )
    assert ranked.returncode == 0, ranked.stderr
    lists = lines(tmp_path / "r.jsonl")
    assert [one["id"] for one in lists] == ["a", None, "c", "d"]
    found = lists[2]["recommendations"]
    assert len(found) == 20
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert "The_Matrix_Reloaded" not in {one["id"] for one in found}


def test_a_catalogue_of_ones_own_can_be_asked_and_removed(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "teas.csv"
    source.write_text(
        "sku,name,about\n"
        "t1,Camomile,a calm gentle tea for the evening\n"
        "t2,Gunpowder,a strong smoky green tea\n"
        "t3,,no name\n"
        "t4,Rooibos,a warm red tea without caffeine\n"
    )
    columns = ["--column", "id=sku", "--column", "title=name", "--column", "text=about"]
    done = run(home, "catalog", "import", str(source), "--name", "teas", "--kind", "tea", *columns)
    assert done.returncode == 0, done.stderr
    assert "3 added" in done.stdout
    assert "teas.csv:4:" in done.stderr
    again = run(home, "catalog", "import", str(source), "--name", "teas", "--kind", "tea", *columns)
    assert "0 added, 0 changed, 3 unchanged" in again.stdout
    asked = run(home, "ask", "something calm for the evening", "--json", "--catalog", "teas")
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["recommendations"][0]["id"] == "t1"
    audit = run(home, "index", "audit", "--catalog", "teas")
    assert audit.returncode == 0
    assert "0 missing, 0 strange, 0 unreachable" in audit.stdout
    assert run(home, "catalog", "remove", "teas").returncode == 0
    assert "teas" not in run(home, "catalog", "list").stdout


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        (("ask", "x", "--catalog", "nope"), {}, "nope"),
        (("config",), {"SIMPATICO_LMM__URL": "x"}, "SIMPATICO_LMM__URL"),
        (("config",), {"SIMPATICO_PORT": "many"}, "SIMPATICO_PORT"),
        (("read", "--jsonl", "/nowhere.jsonl", "--out", "/tmp/x"), {}, "/nowhere.jsonl"),
        (("model", "fetch", "gpt-9"), {}, "gpt-9"),
    ],
)
def test_errors_are_one_line_and_status_1(
    home: Path, words: tuple[str, ...], more: dict[str, str], said: str
) -> None:
    done = run(home, *words, **more)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_secrets_are_not_printed(home: Path) -> None:
    done = run(home, "config", SIMPATICO_LLM__KEY="sk-secret", SIMPATICO_API_KEY="hush-hush")
    assert done.returncode == 0
    assert "sk-secret" not in done.stdout
    assert "hush-hush" not in done.stdout


def test_serve_answers_and_a_busy_port_is_said_plainly(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [*SIMPATICO, "serve", "--port", str(port)],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_for(f"http://127.0.0.1:{port}/ready", server)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
            assert b"Simpatico" in page.read()
        busy = run(home, "serve", "--port", str(port))
        assert busy.returncode == 1
        assert f"port {port}" in busy.stderr
        assert "Traceback" not in busy.stderr
    finally:
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=60)
    assert f"http://127.0.0.1:{port}" in said
    assert "Traceback" not in said


def wait_for(url: str, server: "subprocess.Popen[str]") -> bool:
    until = time.monotonic() + 120
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.5)
    return False
