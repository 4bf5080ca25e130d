"""What the user reads about models: what is done about them, and why it could not be. Plain text, never rich."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from desktop_app.messages import ModelTrouble, PorterFailed, PorterProgress, PorterStage
from desktop_app.ui.wording import about

if TYPE_CHECKING:  # the command line has no use for Qt
    from desktop_app.models.fit import Fit
    from desktop_app.models.machine import Machine
    from desktop_app.work.model_work import ModelTask

State: TypeAlias = Literal["installed", "bundled", "damaged", "running", "paused", "available"]

HALF_IS_KEPT = "Stopped. What was downloaded is kept; run the same command again to resume."
STOPPED = "Stopped."
ASK_FOR_TOKEN = "Access token for the hub (hidden as you type): "
TOKEN_NOT_KEPT = "This computer has no keyring to store the token in, so you will be asked for it each time."

STAGES = {
    PorterStage.ASKING: "Contacting the hub",
    PorterStage.FETCHING: "Downloading",
    PorterStage.CHECKING: "Checking",
    PorterStage.COPYING: "Copying",
    PorterStage.UNPACKING: "Unpacking",
    PorterStage.TRYING: "Testing it with a few seconds of speech",
    PorterStage.REMOVING: "Removing",
}

# What happened, and what to do next. The name of the model, or of the graphics pack, stands before it.
OUTDATED = (
    "was left unchanged: Sottovoce has been updated in the meantime",
    "Restart Sottovoce, then try again.",
)
BUG = ("could not be processed because of a bug in Sottovoce", "See the log for more. Please report it.")

_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: (
        "could not be downloaded: the model hub is not responding",
        "Check your network, or set a mirror of the hub. What was already downloaded is kept.",
    ),
    ModelTrouble.STALLED: (
        "could not be downloaded: the download stalled",
        "Try again later; it resumes where it stopped.",
    ),
    ModelTrouble.CERTIFICATE: (
        "was not downloaded: the server could not prove that it is the model hub",
        "A company network may be inspecting the connection: have its certificate installed on this computer.",
    ),
    ModelTrouble.TOKEN_NEEDED: (
        "was refused: the hub wants a valid access token, or has no model with that name",
        "Check the name. A private model needs an access token for the hub; yours may have expired.",
    ),
    ModelTrouble.TOKEN_NOT_SENT: (
        "was refused: the hub wants an access token, and Sottovoce sends none to an address that begins with"
        " http://, where others could read it",
        "Use the mirror’s https:// address, if it has one.",
    ),
    ModelTrouble.NOT_ALLOWED: (
        "was refused: the hub denied access",
        "On the model's page on the hub, see whether you have to accept its licence, and check the access token.",
    ),
    ModelTrouble.NOT_FOUND: (
        "was not found on the hub",
        "Check the name (OWNER/NAME) and the revision.",
    ),
    ModelTrouble.TOO_MANY_REQUESTS: (
        "could not be downloaded: the hub is getting too many requests from this network",
        "Try again in a few minutes; it resumes where it stopped.",
    ),
    ModelTrouble.HUB_FAILED: (
        "could not be downloaded: the hub reported a server error",
        "Try again later; it resumes where it stopped.",
    ),
    ModelTrouble.DAMAGED: ("is damaged", ""),  # see `damaged`
    ModelTrouble.NOT_A_MODEL: (
        "is not a Whisper model for CTranslate2",
        "Look for a CTranslate2 version of it, often named “faster-whisper”.",
    ),
    ModelTrouble.INCOMPLETE: (
        "is not complete",
        "Get that file from the place where you got the model, put it next to the others, and add the model again.",
    ),
    ModelTrouble.NOT_CONVERTED: (
        "is a model for PyTorch or Transformers, which Sottovoce cannot use as it is",
        "Look for a CTranslate2 version of it, often named “faster-whisper”, or convert it with"
        " ct2-transformers-converter.",
    ),
    ModelTrouble.FOR_WHISPER_CPP: (
        "is a model for whisper.cpp (ggml or gguf), which Sottovoce cannot use",
        "Look for the same model in CTranslate2 format, often named “faster-whisper”.",
    ),
    ModelTrouble.OTHER_ARCHIVE: (
        "is a type of archive that Sottovoce cannot open",
        "Unpack it, and add the resulting folder.",
    ),
    ModelTrouble.WEIGHTS_ALONE: (
        "contains only a model’s weights",
        "The folder it came from has config.json and a vocabulary as well: add that folder.",
    ),
    ModelTrouble.CANNOT_RUN: (
        "was not added: it could not transcribe a few seconds of speech",
        "It may be damaged, or need more memory than this computer has.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "could not be added: there is already a model with that name, or one is being added right now",
        "Wait until that is finished, or choose another name.",
    ),
    ModelTrouble.NAME_WRONG: (
        "is not a valid model name",
        "On the hub, models are called OWNER/NAME; a name of your own needs at least one letter or number.",
    ),
    ModelTrouble.NO_SUCH_MODEL: ("is not on this computer", "It may have been removed, or its disk is not connected."),
    ModelTrouble.READ_ONLY: ("came with Sottovoce and cannot be removed", "You can only remove models that you added."),
    ModelTrouble.IN_USE: (
        "was not removed: a recording in the queue needs it",
        "Wait until it is finished, or remove it from the queue.",
    ),
    ModelTrouble.DISK_FULL: ("does not fit on the disk", "Free up some space, or move the models to another disk."),
    ModelTrouble.CANNOT_WRITE: (
        "could not be saved in the models folder",
        "Check that its disk is connected and writable.",
    ),
    ModelTrouble.CANNOT_READ: (
        "could not be read",
        "Check that its disk is connected, and that you have permission to open it.",
    ),
    ModelTrouble.ARCHIVE_BROKEN: (
        "cannot be read as a model or a zip file: it may be damaged, incomplete or password-protected",
        "Sottovoce accepts a folder with a CTranslate2 model, or a zip file of one.",
    ),
    ModelTrouble.NO_KEYRING: (
        "could not be saved: this computer has no keyring, or it is locked",
        "You will be asked for the token each time. It is never written to a file.",
    ),
    ModelTrouble.UPDATED: OUTDATED,
    ModelTrouble.UNFORESEEN: BUG,
}

_FILES_OF_A_MODEL = ("config.json", "model.bin", "tokenizer.json", "vocabulary.json")

_CAME_DAMAGED = (
    "could not be downloaded: twice, the download did not match the published files",
    "Try again later. If you set a mirror of the hub, try without it.",
)

# The advice in a terminal, where it is another one.
_IN_TERMINAL: dict[ModelTrouble, str] = {
    ModelTrouble.NO_NETWORK: "Check your network, or use a mirror with --hub. What was already downloaded is kept.",
    ModelTrouble.TOKEN_NEEDED: (
        "Check the name. A private model needs an access token: --token asks for it. Yours may have expired."
    ),
    ModelTrouble.NOT_ALLOWED: (
        "On the model's page on the hub, see whether you have to accept its licence. Use --token to enter another"
        " access token."
    ),
}

# The same where all models were to be moved to another folder; “The models” stands before it.
_NOT_MOVED: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NAME_WRONG: (
        "were not moved: the new folder is inside the current one",
        "Choose a folder somewhere else.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "were not moved: the new folder already contains models with the same names",
        "Choose an empty folder.",
    ),
    ModelTrouble.IN_USE: (
        "were not moved: one of them is in use right now",
        "Wait until that is finished.",
    ),
    ModelTrouble.DISK_FULL: (
        "were not moved: there is not enough space on the new disk",
        "Choose another disk, or free up some space.",
    ),
    ModelTrouble.CANNOT_WRITE: (
        "were not moved: the new folder is not writable",
        "Check that its disk is connected and writable, or choose another folder.",
    ),
    ModelTrouble.CANNOT_READ: (
        "were not moved: some of them cannot be read",
        "Check the disk they are on. “sottovoce models verify” shows which ones are damaged.",
    ),
    ModelTrouble.UPDATED: (
        "were not moved: Sottovoce has been updated in the meantime",
        "Restart Sottovoce, then try again.",
    ),
    ModelTrouble.UNFORESEEN: (
        "were not moved because of a bug in Sottovoce",
        "See the log for more. Please report it.",
    ),
}


def size(size_bytes: int) -> str:
    """Return a size as people read it on a hub: decimal, rounded."""
    if size_bytes >= 999_500_000:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{max(1, round(size_bytes / 1e6))} MB" if size_bytes else "0 MB"


def memory(size_bytes: int) -> str:
    """Return an amount of memory as people know it from their computer: that of 16 GB has 16 times 2**30 bytes."""
    if size_bytes >= GIGABYTE:
        return f"{size_bytes / GIGABYTE:.1f} GB"
    return f"{max(1, round(size_bytes / 2**20))} MB"


def trouble(
    failed: PorterFailed, name: str, what: str = "", can_be_fetched: bool | None = None, in_terminal: bool = False
) -> str:
    """Return why something could not be done about the model, and what can be done about that.

    `name` empty: all of them were to be moved. `what`: what was to be done, as ModelTask has it. `can_be_fetched`: from
    a hub; None if that is not known.
    """
    happened, advice = _TROUBLES[failed.kind] if name else _NOT_MOVED.get(failed.kind, _TROUBLES[failed.kind])
    if failed.kind is ModelTrouble.DAMAGED:
        happened, advice = _CAME_DAMAGED if what == "fetch" else (happened, damaged(can_be_fetched, in_terminal))
    if failed.kind is ModelTrouble.NOT_FOUND and name in _GOOD_FOR:  # nobody has typed a repository
        advice = "If you set a mirror of the hub, it may not have this model: try without it."
    elif in_terminal and name:
        advice = _IN_TERMINAL.get(failed.kind, advice)
    if failed.kind is ModelTrouble.INCOMPLETE and failed.detail in _FILES_OF_A_MODEL:
        happened += f": {failed.detail} is missing"
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        happened += f": it needs {size(failed.needed_bytes)}, and {size(failed.free_bytes)} are free"
    return f"“{name}” {happened}. {advice}" if name else f"The models {happened}. {advice}"


def damaged(can_be_fetched: bool | None, in_terminal: bool = False) -> str:
    """Return what is wrong with a damaged model, and what to do; None: it is not known where it came from."""
    repair = "“sottovoce models download” with its name" if in_terminal else "Repair"
    again = "import it again" if in_terminal else "add it again"
    advice = {True: f" {repair} downloads the damaged parts again.", False: f" Remove it, and {again}.", None: ""}
    return f"Its files have changed or are damaged. It is not used until it is repaired.{advice[can_be_fetched]}"


def state(state: State, done_bytes: int, size_bytes: int, can_be_fetched: bool) -> str:
    """Return what a list in the terminal says of a model."""
    share = f"{done_bytes / size_bytes:.0%}" if size_bytes else "just started"
    return {
        "installed": "on this computer",
        "bundled": "came with Sottovoce",
        "damaged": f"damaged: {'download it again' if can_be_fetched else 'remove it and import it again'}",
        "running": f"downloading: {share}",
        "paused": f"partly downloaded: {share}",
        "available": "available to download",
    }[state]


def progress(name: str, progress: PorterProgress, speed: float | None, seconds_left: float | None) -> str:
    """Return how far something is, in one line."""
    parts = [STAGES[progress.stage]]
    if progress.retrying is not None:
        parts.append(_RETRYING.get(progress.retrying, "trying again"))
    if progress.total:
        parts.append(f"{progress.done / progress.total:.0%} of {size(progress.total)}")
    if speed is not None:
        parts.append(f"{speed / 1e6:.1f} MB/s")
    if seconds_left is not None:
        parts.append(f"{about(seconds_left)} left")
    return f"{name}: {', '.join(parts)}" if name else ", ".join(parts)


def verified(name: str) -> str:
    return f"{name}: intact, every byte checked"


def is_published_one(name: str) -> str:
    return f"It is byte for byte the published model “{name}”, so it gets that name."


def removed(name: str, freed_bytes: int) -> str:
    return f"“{name}” was removed, which freed {size(freed_bytes)}."


def nowhere_to_fetch(name: str) -> str:
    return f"“{name}” came from a file or folder, not from the hub. To replace it, remove it and import it again."


NOT_MEASURED_YET = "Run “sottovoce devices” to see how fast each model would be on this computer."


def folder_is_away(folder: str) -> str:
    return f"The models folder, {folder}, was not found. Its disk may not be connected."


# --- the window ------------------------------------------------------------------------------------------------------

MODELS = "&Models…"
MODELS_BUTTON = "Models…"
MODELS_BUTTON_HINT = "Download, add or remove models."
MODELS_TITLE = "Models"
MODELS_ABOUT = "Larger models are more accurate, but slower. They all run on this computer."
MODELS_HERE = "On this computer"
MODELS_ON_THEIR_WAY = "In progress"
MODELS_TO_FETCH = "Available to download"
NO_MODELS_HERE = "There are no models on this computer yet. Download one below, or add your own."
LOOKING = "Looking for models…"

# What each published model is good for. Names as in the catalogue.
_GOOD_FOR = {
    "tiny": "The smallest: quick drafts on slow computers. Many mistakes.",
    "base": "Fast. Good for clear speech close to the microphone.",
    "small": "A good balance. Handles most recordings on an ordinary computer.",
    "medium": "Accurate, even with accents and some noise.",
    "large-v3": "The most accurate, and the slowest.",
    "large-v3-turbo": "Nearly as accurate as large-v3, and faster. Cannot translate.",
    "tiny.en": "The smallest, English only. Quick drafts on slow computers.",
    "base.en": "Fast, English only: a little better than base.",
    "small.en": "A good balance, English only: a little better than small.",
    "medium.en": "Accurate, English only.",
    "large-v2": "The predecessor of large-v3. Better for some languages.",
    "distil-small.en": "English only. Nearly as good as small.en, and faster.",
    "distil-medium.en": "English only. Nearly as good as medium.en, and faster.",
    "distil-large-v3": "English only. Nearly as good as large-v3, and faster.",
    "distil-large-v3.5": "English only. A little better than distil-large-v3, and just as fast.",
}
OF_YOUR_OWN = "A model that you added."
ALL_LANGUAGES = "100 languages"  # some of them only the newest
ENGLISH_ALONE = "English only"
CHOSEN_MODEL = "Chosen"
PROPOSED_MODEL = "Best for this computer"
CAME_WITH_PROGRAM = "Came with Sottovoce"

DOWNLOAD = "Download"
PAUSE_DOWNLOAD = "Pause"
RESUME_DOWNLOAD = "Resume"
CANCEL_TASK = "Cancel"
USE_MODEL = "Use"
CHECK_MODEL = "Check"
REPAIR_MODEL = "Repair"
REMOVE_MODEL = "Remove…"
TRY_AGAIN = "Retry"
PUT_AWAY = "OK"
GIVE_TOKEN = "Access Token…"

ADD_MODEL = "&Add…"
ADD_FROM_FOLDER = "From a &Folder…"
ADD_FROM_ZIP = "From a &Zip File…"
ADD_BY_NAME = "By Its &Name on the Hub…"
MODELS_FOLDER = "Models &Folder…"
HUB = "&Hub…"
CLOSE_MODELS = "Close"
ZIP_FILES = "Zip files"
FROM_FOLDER_TITLE = "Add a Model from a Folder"
FROM_ZIP_TITLE = "Add a Model from a Zip File"
MOVE_TITLE = "Choose a Folder for the Models"

BY_NAME_TITLE = "Add a Model by Its Name"
BY_NAME_ABOUT = "Any Whisper model on the hub in CTranslate2 format, by the name on its page."
REPO = "&Name"
REPO_HINT = "OWNER/NAME"
REVISION = "&Revision"
REVISION_HINT = "Latest"
REPO_WRONG = "Enter it as shown on its page on the hub: the owner, a slash, the name."
TOKEN = "Access &token"
KEEP_TOKEN = "&Keep the token in the system’s keyring"
KEEP_TOKEN_HINT = "If unchecked, the token is used once and not saved."

HUB_TITLE = "Model Hub"
HUB_ABOUT = "Models come from Hugging Face, unless you enter a mirror here. Only the name of the model is sent."
MIRROR = "&Mirror"
MIRROR_HINT = "Leave empty for Hugging Face"
MIRROR_WRONG = "Enter the full address, beginning with https://"
TOKEN_ABOUT = "A token lets you download private models. It is stored in the system’s keyring, never in a file."
TOKEN_AS_IT_IS = "Leave empty to keep the current token"
TOKEN_TITLE = "Access Token"
TOKEN_KEPT = "The system’s keyring was updated."
FORGET_TOKEN = "&Forget the Token"
NO_MODEL_DROPPED = "That is not a speech model. Drop recordings on the main window."


def token_for(name: str) -> str:
    return f"The hub asks for an access token for “{name}”. Create one in your account there, and paste it here."


def good_for(name: str) -> str:
    return _GOOD_FOR.get(name, OF_YOUR_OWN)


def why_proposed(instead_of: str, pace: float) -> str:
    """Return why another model is the best one now than at first; empty if it is the same.

    pace: how many times faster than first estimated real jobs were.
    """
    if not instead_of:
        return ""
    if pace < 1:
        how = f"took about {_times(1 / pace)} times as long as estimated"
    else:
        how = f"were about {_times(pace)} times faster than estimated"
    return f"Recommended instead of {instead_of}, because your recordings {how}."


def _times(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def languages(english_only: bool) -> str:
    return ENGLISH_ALONE if english_only else ALL_LANGUAGES


def how_it_runs(fit: Fit) -> str:
    """Return how a model would run on this computer: how fast, and with how much memory."""
    where = "the graphics card" if fit.device == "cuda" else "this computer"
    if not fit.fits:
        return f"Too large for the memory of {where}: it needs {memory(fit.memory_bytes)}"
    parts = []
    if fit.speed:
        long = about(3600 / fit.speed)
        parts.append(f"an hour of speech takes {'' if fit.is_measured or long.startswith('a ') else 'about '}{long}")
    if fit.memory_bytes:
        parts.append(f"{memory(fit.memory_bytes)} of memory{' on the graphics card' if fit.device == 'cuda' else ''}")
    return " · ".join(parts)


def is_here(here: bool) -> str:
    return "on this computer" if here else "not on this computer"


def button_for(button: str, name: str) -> str:
    """Return what a button is called by a screen reader, where many are labelled alike: "Download small"."""
    return f"{button.rstrip('…')} {name}"


def remove_title(name: str) -> str:
    return f"Remove {name}?"


def whether_to_remove(name: str, size_bytes: int, published: bool) -> str:
    """Return what removing the model does, as a question."""
    again = "It can be downloaded again." if published else "Keep its original file or folder if you may want it back."
    return f"Remove the model “{name}”? This frees {size(size_bytes)}. {again}"


REMOVE_IT = "Remove"
KEEP_IT = "Keep"


def model_arrived(name: str, is_chosen: bool = False, was_here: bool = False) -> str:
    """`is_chosen`: the next recording takes it already. `was_here`: it was damaged, and is whole again."""
    if was_here:
        return f"The model {name} has been repaired."
    return f"The model {name} is ready. {'It is the one in use.' if is_chosen else 'Choose it under Model.'}"


def model_removed(name: str, freed: int) -> str:
    return f"The model {name} was removed, which freed {size(freed)}."


def model_sound(name: str) -> str:
    return f"The model {name} is intact: every byte was checked."


MODELS_ARE_MOVED = "The models were moved."


def models_are_in(folder: str, free: int | None) -> str:
    """Return where the models are kept; free: bytes on that disk, None if it is not there."""
    if free is None:
        return f"The models folder was not found: {folder}. Connect its disk, or choose another folder."
    return f"Stored in {folder} · {size(free)} free"


def fell_back(gone: str, now: str) -> str:
    return f"The model {gone} is not available now. Until it is back, recordings are transcribed with {now}."


def progress_of(task: ModelTask) -> str:
    """Return how far something is that is done about a model."""
    if task.waiting:
        return "Waiting"
    parts = ["Paused" if task.paused else STAGES[task.stage] if task.stage else "Starting"]
    if task.total and task.done:
        parts.append(f"{size(task.done)} of {size(task.total)}")
    if not (task.paused or task.is_quiet or task.retrying):
        parts += [f"{size(round(task.speed))}/s"] if task.speed else []
        parts += [f"{about(task.seconds_left)} left"] if task.seconds_left is not None else []
    if task.retrying is not None:
        parts.append(_RETRYING.get(task.retrying, "trying again"))
    elif task.is_quiet:
        parts.append("no data at the moment")
    return " · ".join(parts)


_RETRYING = {
    ModelTrouble.NO_NETWORK: "no response, trying again",
    ModelTrouble.STALLED: "the download stalled, trying again",
    ModelTrouble.TOO_MANY_REQUESTS: "the hub is busy, waiting",
    ModelTrouble.HUB_FAILED: "server error, trying again",
    ModelTrouble.DAMAGED: "the download was damaged, trying again",
}


def tasks_in_short(tasks: Sequence[ModelTask]) -> str:
    """Return what the status bar says of what is being done about models; empty if nothing is."""
    if not tasks:
        return ""
    first = min(tasks, key=lambda task: (task.paused, task.waiting))  # what gets on rather than what stands still
    what = STAGES[first.stage] if first.stage else "Waiting"
    percent = f" · {100 * first.done // first.total} %" if first.total else ""
    left = f" · {about(first.seconds_left)} left" if first.seconds_left is not None and not first.paused else ""
    more = f" · {len(tasks) - 1} more" if len(tasks) > 1 else ""
    return f"{'Paused' if first.paused else what}: {first.name or 'the models'}{percent}{left}{more}"


_FAILED_IN_SHORT = {
    "fetch": "Download failed",
    "take_in": "Not added",
    "verify": "Damaged",
    "remove": "Not removed",
    "move": "Models not moved",
}


def failed_in_short(tasks: Sequence[ModelTask]) -> str:
    """Return what the status bar says of what could not be done about models. The list says why."""
    what = _FAILED_IN_SHORT.get(tasks[0].what, "Failed")
    more = f" · {len(tasks) - 1} more" if len(tasks) > 1 else ""
    return f"{what}: {tasks[0].name}{more}" if tasks[0].name else f"{what}{more}"


TAKE_IN_TITLE = "Add This Model?"
TAKE_IN = "Add the Model"
TAKE_IN_NAME = "&Name"


def whether_to_take_in(what: str) -> str:
    return f"“{what}” is a speech model. It will be copied to your models and tested with a few seconds of speech."


# --- the first start -------------------------------------------------------------------------------------------------

WELCOME = "Welcome to Sottovoce"
WELCOME_MORE = "Transcribes recordings on this computer. Recordings and transcripts stay on it."
BEGIN_AT_ONCE = "Start right away: drop a recording here, or"
WHAT_YOU_SPEAK = "Lan&guages spoken in your recordings"
ANOTHER_LANGUAGE = "Add a language…"
MEASURING = "Checking what this computer can do…"
NOT_MEASURED = "This computer could not be checked. You can use the installed model anyway."
NOT_TIMED = "Its speed could not be measured this time. There are more models under Models."
SKIP = "&Not Now"
READY_MEANWHILE = "Until then, you can use the model “{}”."
GIGABYTE = 2**30  # bytes of memory; files are measured in decimal units, as on a hub
ORDINARY_LINE = 6_250_000  # bytes a second: 50 Mbit/s


LACKS_PACK = "The graphics card cannot be used yet: see Models → This Computer…"


def computer_in_short(machine: Machine) -> str:
    """Return what is in this computer, in a line."""
    processor = machine.processor
    parts = [processor.name or "Unknown CPU", "1 core" if processor.cores == 1 else f"{processor.cores} cores"]
    parts += [f"{memory(processor.memory_bytes)} of memory"] if processor.memory_bytes else []
    usable = [card.name for card in machine.cards if machine.works("cuda", card.index)]
    lacking = [card.name for card in machine.cards if card.index >= 0 and not machine.has_libraries]
    parts += usable[:1] or lacking[:1] or ["no usable graphics card"]
    if lacking and not usable:
        return f"This computer: {', '.join(parts)}. {LACKS_PACK}"
    return f"This computer: {', '.join(parts)}."


def forget_language(language: str) -> str:
    return f"Remove {language}"


def start_with(name: str) -> str:
    return f"&Start with {name}"


def download_it(name: str) -> str:
    return f"Downlo&ad {name}"


def proposal(name: str) -> str:
    return f"Best for this computer and these languages: {name}"


def nothing_better(name: str) -> str:
    return f"You already have the best model for this computer and these languages: {name}"


def about_proposal(name: str, fit: Fit) -> str:
    """Return what the proposed model does."""
    how = how_it_runs(fit)
    return f"{good_for(name)} {how[0].upper()}{how[1:]}." if how else good_for(name)


def cost_of_download(size_bytes: int) -> str:
    return f"{size(size_bytes)} to download: {about(size_bytes / ORDINARY_LINE)} at 50 Mbit/s."


def unknown(names: Sequence[str], published: Sequence[str]) -> str:
    """Return what to do about names, one of which at least is no model's."""
    known = [name for name in names if "/" not in name and name not in published]
    words = ", ".join(f"“{name}”" for name in known)
    return f"there is no published model {words}. Published: {', '.join(published)}; or use OWNER/NAME."
