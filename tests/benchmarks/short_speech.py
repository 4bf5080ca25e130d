"""Short recordings, each a file of its own: is the language found, and how many letters are wrong?

    .venv/bin/python tests/benchmarks/short_speech.py             base, 40 prompts of 1 to 6 s in each of five languages
    .venv/bin/python tests/benchmarks/short_speech.py --each 16 --only es,fr --ways ours

Ours beside plain faster-whisper (`WhisperModel.transcribe(file)` with its defaults), with the language told and not
told, in one run and on the same files. Results are kept in .cache/benchmarks/short.jsonl: a run goes on where it
was stopped; `--again` measures ours again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402
import speech_sets  # noqa: E402

RESULTS = speech_sets.CACHE / "short.jsonl"
LANGUAGES = ("en", "es", "fr", "it", "ru")
WAYS = ("ours", "plain")
BANDS = ((1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 6.0))  # seconds


class Clip(NamedTuple):
    file: Path
    text: str
    language: str
    seconds: float


def clips(language: str, each: int) -> list[Clip]:
    """Return `each` prompts of 1 to 6 s, spread evenly over all there are."""
    found = [
        Clip(file, text, language, seconds)
        for file, text, seconds in speech_sets.prompts(language, words=1)
        if BANDS[0][0] <= seconds <= BANDS[-1][1]
    ]
    return [found[number * len(found) // each] for number in range(min(each, len(found)))]


def ours(model: Path) -> Callable[[Clip, bool], tuple[str, str]]:
    """Return a function that transcribes a clip with the real worker: its language and text."""
    from desktop_app.backend.worker import Worker
    from desktop_app.messages import JobFailed, JobStarted, LoadModel, SpeechHeard, Transcribe

    arrived: list[Any] = []
    worker = Worker(arrived.append, lambda _: False)
    worker.carry_out(LoadModel(os.fsencode(model), "cpu"))

    def transcribe(clip: Clip, told: bool) -> tuple[str, str]:
        arrived.clear()
        language = clip.language if told else None
        worker.carry_out(Transcribe(1, os.fsencode(clip.file), os.fsencode(model), "cpu", language=language))
        assert not any(isinstance(message, JobFailed) for message in arrived), arrived[-1]
        started = next(message for message in arrived if isinstance(message, JobStarted))
        segments = [s for message in arrived if isinstance(message, SpeechHeard) for s in message.segments]
        return started.language, " ".join(segment.text for segment in segments)

    return transcribe


def plain(model: Path) -> Callable[[Clip, bool], tuple[str, str]]:
    """Return a function that does the same with faster-whisper's defaults."""
    from faster_whisper import WhisperModel

    whisper = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 2)

    def transcribe(clip: Clip, told: bool) -> tuple[str, str]:
        segments, info = whisper.transcribe(str(clip.file), language=clip.language if told else None)
        return info.language, " ".join(segment.text for segment in segments)

    return transcribe


def letters_wrong(said: str, heard: str) -> tuple[int, int]:
    """Return how many edits turn the letters of `said` into those of `heard`, and how many letters were said."""
    import jiwer
    from whisper_normalizer.basic import BasicTextNormalizer

    normal = BasicTextNormalizer(remove_diacritics=True)
    said, heard = normal(said).strip(), normal(heard).strip()
    found = jiwer.process_characters(said, heard)
    return found.substitutions + found.deletions + found.insertions, len(said)


def run(arguments: argparse.Namespace) -> None:
    model = engine.model_folder(arguments.model)
    known = done()
    makers = {"ours": ours, "plain": plain}
    pending = [
        (way, told, clip)
        for language in arguments.only
        for clip in clips(language, arguments.each)
        for told in (False, True)
        for way in arguments.ways
        if key(arguments.model, way, told, clip) not in known or (arguments.again and way == "ours")
    ]
    transcribers = {way: makers[way](model) for way in dict.fromkeys(way for way, _, _ in pending)}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("a") as file:
        for way, told, clip in pending:
            began = time.process_time()
            language, text = transcribers[way](clip, told)
            wrong, letters = letters_wrong(clip.text, text)
            result = {"language": language, "text": text, "wrong": wrong, "letters": letters}
            result["cpu"] = time.process_time() - began
            line = {"key": key(arguments.model, way, told, clip), "result": result}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()


def key(model: str, way: str, told: bool, clip: Clip) -> str:
    return f"{model} {way} {'told' if told else 'not told'} {clip.language} {clip.file.stem} {clip.file.parent.name}"


def done() -> dict[str, dict[str, Any]]:
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {line["key"]: line["result"] for line in lines}


def table(arguments: argparse.Namespace) -> None:
    known = done()
    rows: dict[str, list[Clip]] = defaultdict(list)
    for language in arguments.only:
        for clip in clips(language, arguments.each):
            rows[language].append(clip)
            rows[next(f"{low:g} to {high:g} s" for low, high in BANDS if clip.seconds <= high)].append(clip)
            rows["all"].append(clip)
    names = [*arguments.only, *sorted(name for name in rows if name.endswith(" s")), "all"]
    print("| clips | number | language right ours | plain | letters wrong ours | plain | told: ours | plain | cpu |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for name in names:
        cells = [name, str(len(rows[name]))]
        right, wrong, cpu = _figures(arguments.model, rows[name], known)
        cells += [f"{right['ours']}", f"{right['plain']}"]
        for told in (False, True):
            cells += [f"{wrong[way, told]:.1f}" for way in WAYS]
        cells.append(f"{cpu['ours'] / max(cpu['plain'], 1e-9):.2f}")
        print("| " + " | ".join(cells) + " |")


def _figures(
    model: str, wanted: list[Clip], known: dict[str, dict[str, Any]]
) -> tuple[dict[str, int], dict[tuple[str, bool], float], dict[str, float]]:
    right: dict[str, int] = dict.fromkeys(WAYS, 0)
    cpu: dict[str, float] = dict.fromkeys(WAYS, 0.0)
    wrong: dict[tuple[str, bool], float] = {}
    for way in WAYS:
        for told in (False, True):
            results = [known.get(key(model, way, told, clip)) for clip in wanted]
            there = [result for result in results if result]
            wrong[way, told] = 100 * sum(r["wrong"] for r in there) / max(1, sum(r["letters"] for r in there))
            cpu[way] += sum(result["cpu"] for result in there)
            if not told:
                right[way] = sum(
                    bool(result) and result["language"] == clip.language
                    for result, clip in zip(results, wanted, strict=True)
                )
    return right, wrong, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(LANGUAGES))
    parser.add_argument("--model", default="base")
    parser.add_argument("--ways", type=lambda text: text.split(","), default=list(WAYS))
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--again", action="store_true", help="measure ours again")
    parser.add_argument("--print", action="store_true")
    arguments = parser.parse_args()
    speech_sets.fetch()
    if not arguments.print:
        run(arguments)
    table(arguments)


if __name__ == "__main__":
    main()
