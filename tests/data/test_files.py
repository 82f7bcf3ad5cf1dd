"""Files: never read beyond what was asked for, by a path alone, compressed or not."""

import gzip
import io
import os
import re

import pytest

from tinygrad_reg.data import files, images, read_cifar10, read_csv, read_idx


def test_no_more_is_read_than_was_asked_for():
    assert len(files.up_to(io.BytesIO(bytes(3 << 20)), (1 << 20) + 5)) == (1 << 20) + 5


def test_a_file_that_is_not_there():
    with pytest.raises(FileNotFoundError, match=re.escape(f"there is no file 'nowhere' in {os.getcwd()}")):
        read_idx("nowhere")


@pytest.mark.parametrize("path", [0, 1, True, 2.5, None])
def test_a_number_is_no_path(path):
    """open(1) would take it for the output that is open under this number, and close that."""
    with pytest.raises(TypeError, match="path must be a string or a pathlib"):
        read_csv(path)


def test_a_file_that_inflates_without_end_is_not_read_to_its_end(write, monkeypatch):
    monkeypatch.setattr(images, "_CIFAR_RECORDS", 600)
    without_its_end = gzip.compress(bytes(16 << 20), compresslevel=1)[:-9]  # who reads so far calls it damaged
    with pytest.raises(ValueError, match="it holds more than the 600 records that all of CIFAR-10 has"):
        read_cifar10(write(without_its_end))
