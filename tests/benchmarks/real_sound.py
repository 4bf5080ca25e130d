"""What is heard of recordings as people really have them, beside plain faster-whisper on the same file.

    .venv/bin/python tests/benchmarks/real_sound.py                     all of them, with base (about 20 minutes)
    .venv/bin/python tests/benchmarks/real_sound.py --model tiny.en --only "channels,too quiet"
    .venv/bin/python tests/benchmarks/real_sound.py --times             joined, holes, late sound: when it is said, too

The recordings are made in a temporary folder by tests/speech/real_sound.py. WER: word errors in a hundred words.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

import engine  # noqa: E402
from speech import prompts, real_sound, timed_sound  # noqa: E402

BEAM = 5


def ours(worker: Any, arrived: list[Any], file: Path, folder: bytes) -> str:
    """Return what the program hears, or its reason for not hearing anything."""
    from desktop_app.messages import JobFailed, SpeechHeard, Transcribe

    arrived.clear()
    worker.carry_out(Transcribe(1, os.fsencode(file), folder, "cpu", language="en"))
    if isinstance(arrived[-1], JobFailed):
        return f"<{arrived[-1].kind.value}>"
    heard = [message for message in arrived if isinstance(message, SpeechHeard)]
    return " ".join(segment.text for message in heard for segment in message.segments)


def plain(whisper: Any, file: Path) -> str:
    """Return what faster-whisper hears, with its own voice activity detection, or why it gives up."""
    try:
        segments, _ = whisper.transcribe(str(file), language="en", beam_size=BEAM, vad_filter=True)
        return "".join(segment.text for segment in segments)
    except Exception as error:  # it is what its user would see
        return f"<{type(error).__name__}>"


def table_of_times(worker: Any, arrived: list[Any], whisper: Any, folder: bytes, only: list[str]) -> None:
    """Print what is heard, and when the sample's first word is: on a player's clock, by us, and by faster-whisper."""
    from desktop_app.messages import JobFinished, SpeechHeard

    print("| recording | WER | faster-whisper | Hello, in a player | ours | faster-whisper | partial |")
    print("|---|--:|--:|--:|--:|--:|---|")
    for row in timed_sound.rows():
        if not any(part in row.name for part in only):
            continue
        with tempfile.TemporaryDirectory() as place:
            file = row.make(Path(place))
            text = ours(worker, arrived, file, folder)
            segments, _ = whisper.transcribe(
                str(file), language="en", beam_size=BEAM, vad_filter=True, word_timestamps=True
            )
            theirs = [word for segment in segments for word in segment.words]
        heard = [message for message in arrived if isinstance(message, SpeechHeard)]
        words = [word for message in heard for segment in message.segments for word in segment.words]
        is_partial = any(message.partial for message in arrived if isinstance(message, JobFinished))
        their_text = "".join(word.word for word in theirs)
        wrong = [prompts.word_error_rate(row.said, found) for found in (_words(text), their_text)]
        hellos = [[word.start for word in words if "hello" in word.text.lower()]]
        hellos.append([word.start for word in theirs if "hello" in word.word.lower()])
        begins = " | ".join(
            f"{found[-1]:.1f}" if found else "never" for found in ([row.hello] if row.hello else [], *hellos)
        )
        rates = " | ".join(f"{rate:.0f}" for rate in wrong)
        print(f"| {row.name} | {rates} | {begins} | {'yes' if is_partial else 'no'} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="base")
    parser.add_argument("--only", default="", help="parts of the names of rows, separated by commas")
    parser.add_argument("--times", action="store_true", help="those whose clock is out of the ordinary")
    parser.add_argument("--texts", action="store_true", help="print what was heard as well")
    arguments = parser.parse_args()
    from faster_whisper import WhisperModel

    from desktop_app.backend.worker import Worker

    folder = engine.model_folder(arguments.model)
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=os.cpu_count() or 2)
    arrived: list[Any] = []
    worker = Worker(arrived.append, lambda _: False)
    if arguments.times:
        table_of_times(worker, arrived, whisper, os.fsencode(folder), arguments.only.split(","))
        return
    print(f"| recording ({arguments.model}) | words in it | heard | WER | heard by faster-whisper | WER |")
    print("|---|--:|--:|--:|--:|--:|")
    for row in real_sound.rows():
        if not any(part in row.name for part in arguments.only.split(",")):
            continue
        with tempfile.TemporaryDirectory() as place:
            file = row.make(Path(place))
            texts = [ours(worker, arrived, file, os.fsencode(folder)), plain(whisper, file)]
        columns = [f"{_heard(text)} | {prompts.word_error_rate(row.said, _words(text)):.0f}" for text in texts]
        print(f"| {row.name} | {len(row.said.split())} | {' | '.join(columns)} |", flush=True)
        if arguments.texts:
            print("\n".join(f"    {text}" for text in texts), flush=True)


def _words(text: str) -> str:
    return "" if text.startswith("<") else text


def _heard(text: str) -> str:
    return text[1:-1] if text.startswith("<") else str(len(text.split()))


if __name__ == "__main__":
    main()
