"""What an error of CTranslate2 means, told by its text alone."""

from __future__ import annotations

import pytest

from desktop_app.backend.devices import Setup, kind_of, setups
from desktop_app.messages import Failure, Way


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("CUDA failed with error out of memory", Failure.OUT_OF_MEMORY),
        ("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", Failure.OUT_OF_MEMORY),
        ("cuDNN failed with status CUDNN_STATUS_ALLOC_FAILED", Failure.OUT_OF_MEMORY),
        ("std::bad_alloc", Failure.OUT_OF_MEMORY),
        ("Library libcublas.so.12 is not found or cannot be loaded", Failure.DEVICE_MISSING),
        ("CUDA failed with error an illegal memory access was encountered", Failure.DEVICE_MISSING),
        ("unspecified launch failure", Failure.DEVICE_MISSING),
        ("the input has an invalid shape", Failure.UNFORESEEN),
    ],
)
def test_the_text_of_an_error_tells_what_it_means(text, kind):
    assert kind_of(RuntimeError(text)) is kind


def test_the_ways_that_were_found_to_work_are_tried_in_their_order_and_no_others():
    ways = (Way("cuda", 1, "float16"), Way("cpu", 0, "float32"))

    assert [*setups("auto", ways=ways, wanted_threads=3)] == [
        Setup("cuda", "float16", 3, 1),
        Setup("cpu", "float32", 3, 0),
    ]


def test_no_memory_for_python_is_no_memory():
    assert kind_of(MemoryError()) is Failure.OUT_OF_MEMORY
