# What one does with the source: `make run` starts the program, `make test` checks all of it, `make check` what
# is checked quickly. They install what they need.
#
# PYTHON=... chooses the Python of .venv; ARGS=... goes to pytest.

bin := .venv/bin
ifeq ($(OS),Windows_NT)
bin := .venv/Scripts
endif
python := $(bin)/python

.PHONY: help setup run check test test-tools faults lint format bundle package-tools deb appdir windows-tools windows-setup windows-check release-check lock clean
.NOTPARALLEL:

help:
	@echo "make run      start Sottovoce; without a display, transcribe the sample recording"
	@echo "make test     lint, and run all tests"
	@echo "make check    lint, and run the tests that take no real speech and no screen: for every few minutes of work"
	@echo "make faults   run the tests with damaged and hostile input in full, which takes a while"
	@echo "make bundle   make dist/sottovoce, which runs on a machine without Python"
	@echo "make deb      make of that dist/sottovoce_VERSION_amd64.deb; make appdir an AppDir and a .tar"
	@echo "make windows-setup   make the setup for Windows of a bundle that was made there"
	@echo "make windows-check   try the setup for Windows under Wine, with a stub for the program"
	@echo "make release-check   install the .deb on bare systems, use it, upgrade, remove it (as root)"
	@echo "make setup    install what both need: system packages (on Debian and its kin), .venv, the starter model"
	@echo "make lint     ruff and mypy"
	@echo "make format   let ruff format the source"
	@echo "make lock     resolve the dependencies anew"
	@echo "make clean    remove all that was made here, .venv included"

setup:
	@packaging/system-packages.sh run
	@packaging/environment.sh

# Only Linux can be without a display.
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
run: setup
	@echo "There is no display to show a window on, so here is the sample recording as text."
	@$(bin)/sottovoce transcribe resources/sample.flac --output-dir out --format txt,srt,json
else
run: setup
	@$(bin)/sottovoce
endif

# What Python reads and writes does not depend on the locale of whoever runs the tests.
test check faults lint: export PYTHONUTF8 = 1

# Most tests wait for something: two files of them at a time take half as long, even on two cores.
# Where a process of the tests dies, pytest-xdist 3.8 may wait for ever for another one, so there is none.
test: setup test-tools lint
	@$(python) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

# No backend with a model, no screen, no sound server, no bundle: what is left says within three minutes what broke.
quick := tests/transcripts tests/ui tests/test_arguments.py tests/test_import_rules.py tests/test_manual.py \
	tests/test_messages.py tests/test_paths.py tests/test_settings.py tests/test_start.py

check: lint
	@$(python) -m pytest -q -n auto --maxprocesses 4 --dist loadfile --max-worker-restart 0 $(quick) $(ARGS)

faults: export SOTTOVOCE_FAULTS = full
faults: setup test-tools
	@$(python) -m pytest tests/faults $(ARGS)

test-tools:
	@packaging/system-packages.sh test
	@tests/speech/fetch.sh

lint: setup
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy

format: setup
	@$(python) -m ruff check --fix .
	@$(python) -m ruff format .

bundle: setup
	@packaging/system-packages.sh bundle
	@$(python) packaging/bundle.py

package-tools: setup
	@packaging/system-packages.sh package

deb: package-tools
	@$(python) packaging/deb.py

appdir: package-tools
	@$(python) packaging/appdir.py

windows-tools: setup
	@packaging/system-packages.sh windows

windows-setup: windows-tools
	@$(python) packaging/windows_setup.py

windows-check: windows-tools
	@$(python) -m pytest -rs tests/packaging/test_windows_setup.py $(ARGS)

release-check: package-tools test-tools
	@packaging/release-check.sh $(ARGS)

lock: setup
	@$(python) -m venv .cache/uv
	@.cache/uv/bin/python -m pip install --quiet uv
	@.cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--extra starter pyproject.toml -o requirements.lock
	@.cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--extra starter --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@.cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--extra starter --extra cuda -c requirements.lock pyproject.toml -o requirements-cuda.lock

clean:
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis out build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
