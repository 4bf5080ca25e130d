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

HALF_IS_KEPT = "Stopped. What has come is kept: the same command goes on with it."
STOPPED = "Stopped."
ASK_FOR_TOKEN = "Access token of the hub (it is not shown): "
TOKEN_NOT_KEPT = "There is no keyring on this computer to keep the token in. You will be asked for it each time."

STAGES = {
    PorterStage.ASKING: "Asking the hub",
    PorterStage.FETCHING: "Downloading",
    PorterStage.CHECKING: "Checking",
    PorterStage.COPYING: "Copying",
    PorterStage.UNPACKING: "Unpacking",
    PorterStage.TRYING: "Trying it with a few seconds of speech",
    PorterStage.REMOVING: "Removing",
}

# What happened, and what to do next. The model's name stands before it.
_TROUBLES: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NO_NETWORK: (
        "could not be downloaded: the model hub does not answer",
        "Check the network, or name a mirror of the hub. What has come already is kept.",
    ),
    ModelTrouble.STALLED: (
        "could not be downloaded: nothing more came",
        "Try again later; it goes on where it stopped.",
    ),
    ModelTrouble.CERTIFICATE: (
        "was not downloaded: whoever answers cannot prove to be the model hub",
        "A company network may inspect what passes: have its certificate installed on this computer.",
    ),
    ModelTrouble.TOKEN_NEEDED: (
        "was not given out: the hub does not accept who asks, or has no model of that name",
        "Check the name. A private model needs an access token of the hub; one that was given may have run out.",
    ),
    ModelTrouble.TOKEN_NOT_SENT: (
        "was not given out: the hub wants to know who asks, and no access token is sent to an address that begins with"
        " http://, where others could read it",
        "Name the mirror by an address that begins with https://, if it has one.",
    ),
    ModelTrouble.NOT_ALLOWED: (
        "was not given out: the hub says no",
        "On the hub's page of the model, see whether its licence must be accepted, and check the access token.",
    ),
    ModelTrouble.NOT_FOUND: (
        "could not be found on the hub",
        "Check the name, written OWNER/NAME, and the revision.",
    ),
    ModelTrouble.TOO_MANY_REQUESTS: (
        "could not be downloaded: the hub has no time for this network now",
        "Try again in some minutes; it goes on where it stopped.",
    ),
    ModelTrouble.HUB_FAILED: (
        "could not be downloaded: the hub has a fault",
        "Try again later; it goes on where it stopped.",
    ),
    ModelTrouble.DAMAGED: ("is damaged", ""),  # see `damaged`
    ModelTrouble.NOT_A_MODEL: (
        "is not a Whisper model for CTranslate2",
        "Look for a version of it for CTranslate2, often named “faster-whisper”.",
    ),
    ModelTrouble.INCOMPLETE: (
        "is not complete",
        "Look for that file where the model came from, put it beside the others, and add the model again.",
    ),
    ModelTrouble.NOT_CONVERTED: (
        "is a model for PyTorch or Transformers, which Sottovoce cannot use as it is",
        "Look for a version of it for CTranslate2, often named “faster-whisper”, or convert it with"
        " ct2-transformers-converter.",
    ),
    ModelTrouble.FOR_WHISPER_CPP: (
        "is a model for whisper.cpp (ggml or gguf), which Sottovoce cannot use",
        "Look for the same model for CTranslate2, often named “faster-whisper”.",
    ),
    ModelTrouble.OTHER_ARCHIVE: (
        "is an archive of a kind that Sottovoce does not open",
        "Unpack it, and add the folder that comes out of it.",
    ),
    ModelTrouble.WEIGHTS_ALONE: (
        "holds a model’s weights alone",
        "The folder it came from has config.json and a vocabulary as well: add that folder.",
    ),
    ModelTrouble.CANNOT_RUN: (
        "was not taken in: a few seconds of speech could not be transcribed with it",
        "It may be damaged, or need more memory than there is.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "could not be put among the models: something of that name is there, or is being done just now",
        "Wait until that is done, or choose another name.",
    ),
    ModelTrouble.NAME_WRONG: (
        "is no name for a model",
        "On the hub a model is called OWNER/NAME; a name of your own needs a letter or a number.",
    ),
    ModelTrouble.NO_SUCH_MODEL: ("is not on this computer", "It may have been removed, or its disk is not connected."),
    ModelTrouble.READ_ONLY: ("came with the program and stays", "Only models that were added can be removed."),
    ModelTrouble.IN_USE: (
        "was not removed: a recording that waits or is being transcribed needs it",
        "Wait until that is done, or take it out of the queue.",
    ),
    ModelTrouble.DISK_FULL: ("has no room on the disk", "Make room, or move the models to another disk."),
    ModelTrouble.CANNOT_WRITE: (
        "could not be written to the models' folder",
        "Check that its disk is connected and may be written.",
    ),
    ModelTrouble.CANNOT_READ: ("could not be read", "Check that its disk is connected, and that you may open it."),
    ModelTrouble.ARCHIVE_BROKEN: (
        "cannot be read as a model or as a zip file: it may be damaged, not copied completely, or locked by a password",
        "Sottovoce takes a folder with a model for CTranslate2, or a zip file of one.",
    ),
    ModelTrouble.NO_KEYRING: (
        "could not be kept: this computer has no keyring, or it does not open",
        "You will be asked for the token each time. It is never written to a file.",
    ),
    ModelTrouble.UPDATED: (
        "was left as it is: Sottovoce has been updated meanwhile",
        "Close it and open it again, then try once more.",
    ),
    ModelTrouble.UNFORESEEN: (
        "could not be dealt with, because of a fault of this program",
        "The log says more. Please report it.",
    ),
}

_FILES_OF_A_MODEL = ("config.json", "model.bin", "tokenizer.json", "vocabulary.json")

_CAME_DAMAGED = (
    "could not be downloaded: what came is not what was published, twice",
    "Try again later. If a mirror of the hub is named, try without it.",
)

# The advice in a terminal, where it is another one.
_IN_TERMINAL: dict[ModelTrouble, str] = {
    ModelTrouble.NO_NETWORK: "Check the network, or name a mirror with --hub. What has come already is kept.",
    ModelTrouble.TOKEN_NEEDED: (
        "Check the name. A private model needs an access token: --token asks for one. One given may have run out."
    ),
    ModelTrouble.NOT_ALLOWED: (
        "On the hub's page of the model, see whether its licence must be accepted. With --token you can give another"
        " access token."
    ),
}

# The same where all models were to be moved to another folder; “The models” stands before it.
_NOT_MOVED: dict[ModelTrouble, tuple[str, str]] = {
    ModelTrouble.NAME_WRONG: (
        "stay where they are: the new folder lies inside the one they are in",
        "Choose a folder somewhere else.",
    ),
    ModelTrouble.NAME_TAKEN: (
        "stay where they are: models of the same names are in the new folder",
        "Choose an empty folder.",
    ),
    ModelTrouble.IN_USE: (
        "stay where they are: something is being done about one of them just now",
        "Wait until that is done.",
    ),
    ModelTrouble.DISK_FULL: ("stay where they are: the new disk has no room", "Choose another disk, or make room."),
    ModelTrouble.CANNOT_WRITE: (
        "stay where they are: the new folder cannot be written to",
        "Check that its disk is connected and may be written, or choose another folder.",
    ),
    ModelTrouble.CANNOT_READ: (
        "stay where they are: some of them cannot be read",
        "Check the disk they are on. “sottovoce models verify” tells which are damaged.",
    ),
    ModelTrouble.UPDATED: (
        "stay where they are: Sottovoce has been updated meanwhile",
        "Close it and open it again, then try once more.",
    ),
    ModelTrouble.UNFORESEEN: (
        "stay where they are, because of a fault of this program",
        "The log says more. Please report it.",
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
        advice = "If a mirror of the hub is named, it may not have this one: try without it."
    elif in_terminal and name:
        advice = _IN_TERMINAL.get(failed.kind, advice)
    if failed.kind is ModelTrouble.INCOMPLETE and failed.detail in _FILES_OF_A_MODEL:
        happened += f": {failed.detail} is missing"
    if failed.kind is ModelTrouble.DISK_FULL and failed.needed_bytes:
        happened += f": {size(failed.needed_bytes)} are needed, and {size(failed.free_bytes)} are free"
    return f"“{name}” {happened}. {advice}" if name else f"The models {happened}. {advice}"


def damaged(can_be_fetched: bool | None, in_terminal: bool = False) -> str:
    """Return what is wrong with a damaged model, and what to do; None: it is not known where it came from."""
    repair = "“sottovoce models download”, with its name," if in_terminal else "Repair"
    again = "import it again" if in_terminal else "add it again"
    advice = {True: f" {repair} fetches anew what is wrong with it.", False: f" Remove it, and {again}.", None: ""}
    return f"Its files are not what they were. It is not used until that is mended.{advice[can_be_fetched]}"


def state(state: State, done_bytes: int, size_bytes: int, can_be_fetched: bool) -> str:
    """Return what a list in the terminal says of a model."""
    share = f"{done_bytes / size_bytes:.0%}" if size_bytes else "just begun"
    return {
        "installed": "on this computer",
        "bundled": "came with the program",
        "damaged": f"damaged: {'download it again' if can_be_fetched else 'remove it, and import it again'}",
        "running": f"is being downloaded: {share}",
        "paused": f"half downloaded: {share}",
        "available": "can be downloaded",
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
    return f"{name}: every byte is as it should be"


def is_published_one(name: str) -> str:
    return f"It is, byte for byte, the published model “{name}”, and is called so."


def removed(name: str, freed_bytes: int) -> str:
    return f"“{name}” was removed; {size(freed_bytes)} are free now."


def nowhere_to_fetch(name: str) -> str:
    return f"“{name}” came from a file or a folder, not from a hub. Remove it, and import it again to have it anew."


NOT_MEASURED_YET = "How fast each would be here is told when “sottovoce devices” has looked what this computer can do."


def folder_is_away(folder: str) -> str:
    return f"The folder of the models, {folder}, is not there. Its disk may not be connected."


# --- the window ------------------------------------------------------------------------------------------------------

MODELS = "&Models…"
MODELS_BUTTON = "Models…"
MODELS_BUTTON_HINT = "Download other models, add your own, remove some."
MODELS_TITLE = "Models"
MODELS_ABOUT = "Larger models understand more and take longer. Whichever you choose, it works on this computer alone."
MODELS_HERE = "On this computer"
MODELS_ON_THEIR_WAY = "On their way"
MODELS_TO_FETCH = "To download"
NO_MODELS_HERE = "There is no model on this computer yet. Download one below, or add one of your own."
LOOKING = "Looking which models there are…"

# What each published model is good for. Names as in the catalogue.
_GOOD_FOR = {
    "tiny": "The smallest: quick drafts on slow computers. Many mistakes.",
    "base": "Quick. Good for clear speech, close to the microphone.",
    "small": "A good balance. Copes with most recordings on an ordinary computer.",
    "medium": "Accurate, also with accents and some noise.",
    "large-v3": "The most accurate, and the slowest.",
    "large-v3-turbo": "Nearly as accurate as the largest, and several times faster. It does not translate.",
    "tiny.en": "The smallest, for English alone. Quick drafts on slow computers.",
    "base.en": "Quick, for English alone: a little better there than base.",
    "small.en": "A good balance, for English alone: a little better there than small.",
    "medium.en": "Accurate, for English alone.",
    "large-v2": "The largest one before large-v3. Some languages come out better with it.",
    "distil-small.en": "English alone. Nearly as good as small.en, and faster.",
    "distil-medium.en": "English alone. Nearly as good as medium.en, and much faster.",
    "distil-large-v3": "English alone. Nearly as good as large-v3, and much faster.",
    "distil-large-v3.5": "English alone. A little better than distil-large-v3, and as fast.",
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
BY_NAME_ABOUT = "Any Whisper model on the hub that is converted to CTranslate2, as its page there calls it."
REPO = "&Name"
REPO_HINT = "OWNER/NAME"
REVISION = "&Revision"
REVISION_HINT = "The newest"
REPO_WRONG = "Write it as its page on the hub does: the owner, a slash, the name."
TOKEN = "Access &token"
KEEP_TOKEN = "&Keep the token in the system’s keyring"
KEEP_TOKEN_HINT = "Without it, the token is used this once and written nowhere."

HUB_TITLE = "Model Hub"
HUB_ABOUT = (
    "Models come from Hugging Face, unless a mirror of it is named here. Nothing is sent there but which model it is."
)
MIRROR = "&Mirror"
MIRROR_HINT = "Empty: Hugging Face itself"
MIRROR_WRONG = "Write its whole address: it begins with https://"
TOKEN_ABOUT = "A token lets you download private models. It is kept in the system’s keyring, and in no file."
TOKEN_AS_IT_IS = "Empty: the token stays as it is"
TOKEN_TITLE = "Access Token"
TOKEN_KEPT = "The system’s keyring was changed as you wanted."
FORGET_TOKEN = "&Forget the Token"
NO_MODEL_DROPPED = "That is no speech model. Drop recordings on the other window."


def token_for(name: str) -> str:
    return f"The hub wants to know who asks for “{name}”. Make an access token on your page there, and paste it here."


def good_for(name: str) -> str:
    return _GOOD_FOR.get(name, OF_YOUR_OWN)


def why_proposed(instead_of: str, pace: float) -> str:
    """Return why another model is the best one now than at first; empty if it is the same.

    pace: how many times faster than first estimated real jobs were.
    """
    if not instead_of:
        return ""
    if pace < 1:
        how = f"took about {_times(1 / pace)} times as long as first estimated"
    else:
        how = f"went about {_times(pace)} times as fast as first estimated"
    return f"Proposed instead of {instead_of}, because your recordings {how}."


def _times(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def languages(english_only: bool) -> str:
    return ENGLISH_ALONE if english_only else ALL_LANGUAGES


def how_it_runs(fit: Fit) -> str:
    """Return how a model would run on this computer: how fast, and with how much memory."""
    where = "the graphics card" if fit.device == "cuda" else "this computer"
    if not fit.fits:
        return f"Too large for the memory of {where}: it takes {memory(fit.memory_bytes)}"
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
    again = "It can be downloaded again." if published else "Keep its file or folder if you may want it again."
    return f"Remove the model “{name}”? That frees {size(size_bytes)}. {again}"


REMOVE_IT = "Remove"
KEEP_IT = "Keep It"


def model_arrived(name: str, is_chosen: bool = False, was_here: bool = False) -> str:
    """`is_chosen`: the next recording takes it already. `was_here`: it was damaged, and is whole again."""
    if was_here:
        return f"The model {name} is whole again."
    return f"The model {name} is here. {'It is the one in use.' if is_chosen else 'Choose it under Model.'}"


def model_removed(name: str, freed: int) -> str:
    return f"The model {name} is removed. {size(freed)} are free again."


def model_sound(name: str) -> str:
    return f"The model {name} is in order: every byte is as it should be."


MODELS_ARE_MOVED = "The models are in the other folder now."


def models_are_in(folder: str, free: int | None) -> str:
    """Return where the models are kept; free: bytes on that disk, None if it is not there."""
    if free is None:
        return f"The models’ folder is not there: {folder}. Connect its disk, or choose another folder."
    return f"Kept in {folder} · {size(free)} free"


def fell_back(gone: str, now: str) -> str:
    return f"The model {gone} is not here now. Until it is back, recordings are transcribed with {now}."


def progress_of(task: ModelTask) -> str:
    """Return how far something is that is done about a model."""
    if task.waiting:
        return "Waits for its turn"
    parts = ["Paused" if task.paused else STAGES[task.stage] if task.stage else "Starting"]
    if task.total and task.done:
        parts.append(f"{size(task.done)} of {size(task.total)}")
    if not (task.paused or task.is_quiet or task.retrying):
        parts += [f"{size(round(task.speed))}/s"] if task.speed else []
        parts += [f"{about(task.seconds_left)} left"] if task.seconds_left is not None else []
    if task.retrying is not None:
        parts.append(_RETRYING.get(task.retrying, "trying again"))
    elif task.is_quiet:
        parts.append("nothing comes at the moment")
    return " · ".join(parts)


_RETRYING = {
    ModelTrouble.NO_NETWORK: "no answer, trying again",
    ModelTrouble.STALLED: "nothing more comes, trying again",
    ModelTrouble.TOO_MANY_REQUESTS: "the hub asks to wait",
    ModelTrouble.HUB_FAILED: "the hub has a fault, trying again",
    ModelTrouble.DAMAGED: "what came was damaged, fetching it again",
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
    "verify": "Not sound",
    "remove": "Not removed",
    "move": "Models not moved",
}


def failed_in_short(tasks: Sequence[ModelTask]) -> str:
    """Return what the status bar says of what could not be done about models. The list says why."""
    what = _FAILED_IN_SHORT.get(tasks[0].what, "Failed")
    more = f" · {len(tasks) - 1} more" if len(tasks) > 1 else ""
    return f"{what}: {tasks[0].name}{more}" if tasks[0].name else f"{what}{more}"


TAKE_IN_TITLE = "Add this model?"
TAKE_IN = "Add the Model"
TAKE_IN_NAME = "&Name"


def whether_to_take_in(what: str) -> str:
    return f"“{what}” is a speech model. It is copied to your other models, and tried with a few seconds of speech."


# --- the first start -------------------------------------------------------------------------------------------------

WELCOME = "Welcome to Sottovoce"
WELCOME_MORE = "It turns speech into text. Recordings and texts stay on this computer."
BEGIN_AT_ONCE = "Begin at once, if you like: drop a recording here, or"
WHAT_YOU_SPEAK = "Lan&guages spoken in your recordings"
ANOTHER_LANGUAGE = "Add a language…"
MEASURING = "Finding out what this computer can do…"
NOT_MEASURED = "What this computer can do could not be found out. The model that is here works all the same."
NOT_TIMED = "How fast it is could not be measured this time. More models are under Models."
SKIP = "&Not Now"
READY_MEANWHILE = "Until then, and without it, the model “{}” works."
GIGABYTE = 2**30  # bytes of memory; files are measured in decimal units, as on a hub
ORDINARY_LINE = 6_250_000  # bytes a second: 50 Mbit/s


LACKS_PACK = "The graphics card cannot be used yet: see Models, This Computer…"


def computer_in_short(machine: Machine) -> str:
    """Return what is in this computer, in a line."""
    processor = machine.processor
    parts = [processor.name or "A processor", "1 core" if processor.cores == 1 else f"{processor.cores} cores"]
    parts += [f"{memory(processor.memory_bytes)} of memory"] if processor.memory_bytes else []
    usable = [card.name for card in machine.cards if machine.works("cuda", card.index)]
    lacking = [card.name for card in machine.cards if card.index >= 0 and not machine.has_libraries]
    parts += usable[:1] or lacking[:1] or ["no graphics card that can be used"]
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
    return f"The best model for this computer and these languages is here already: {name}"


def about_proposal(name: str, fit: Fit) -> str:
    """Return what the proposed model does."""
    how = how_it_runs(fit)
    return f"{good_for(name)} {how[0].upper()}{how[1:]}." if how else good_for(name)


def cost_of_download(size_bytes: int) -> str:
    return f"{size(size_bytes)} to download: {about(size_bytes / ORDINARY_LINE)} on an ordinary line (50 Mbit/s)."


def unknown(names: Sequence[str], published: Sequence[str]) -> str:
    """Return what to do about names, one of which at least is no model's."""
    known = [name for name in names if "/" not in name and name not in published]
    words = ", ".join(f"“{name}”" for name in known)
    return f"no model was published as {words}. Published: {', '.join(published)}; or write OWNER/NAME."
