"""What a job needs is looked up before it is sent; what its model cannot do is refused then."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from models import random_model

from desktop_app.messages import Failure, Task
from desktop_app.transcripts.transcript import Job, JobOptions, JobState
from desktop_app.work.preparing import CannotBegin, Known, Prepared, prepare


@pytest.fixture
def distilled(tmp_path, base_model) -> Path:
    """A model that has the tokens of all languages, and is known to understand English alone."""
    return random_model.write(tmp_path / "distil-large-v3-ct2", base_model)


def prepared(model: Path, **options) -> Prepared:
    job = Job(1, Path("talk.wav"), JobOptions(model=str(model), **options), JobState.QUEUED, time.time())
    return prepare(job, Known())


def test_a_model_for_english_alone_is_not_asked_which_language_it_hears(home, distilled, base_model):
    assert prepared(distilled).language == prepared(distilled, language="en").language == "en"
    assert prepared(base_model).language is None
    assert prepared(base_model, language="de").language == "de"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"language": "de"}, Failure.LANGUAGE_NOT_IN_MODEL),
        ({"languages": ("en", "de")}, Failure.LANGUAGE_NOT_IN_MODEL),
        ({"task": Task.TRANSLATE}, Failure.TRANSLATION_NOT_IN_MODEL),
    ],
)
def test_what_a_model_was_not_trained_for_is_refused_whatever_its_tokens(home, distilled, options, kind):
    with pytest.raises(CannotBegin) as refused:
        prepared(distilled, **options)

    assert refused.value.kind is kind
