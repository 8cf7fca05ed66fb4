# Two commands are all the set-up there is: `make book` and `make test`.
#
#   make book PROFILE=paper DATA=PATH   the same, after figures/paper from the published benchmarks in PATH
#   make book TORCH=cpu                 a CPU build of torch, a tenth of the size (when .venv is made)
#   make test SLOW=1                    the slow tests too

PYTHON ?= python3
PROFILE ?= demo
DATA ?=
TORCH ?=
SLOW ?=

VENV := .venv
RUN := $(VENV)/bin/python
STAMP := $(VENV)/.installed
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet --quiet
CUDA := nvidia-|cuda-|triton=

.DELETE_ON_ERROR:
.PHONY: book test notebooks lint bench lock clean

book: $(STAMP)
	@$(RUN) -m doit profile="$(PROFILE)" data="$(DATA)"
	@echo "The book is at $(CURDIR)/_build/html/index.html"

test: $(STAMP)
	@$(RUN) -m pytest -n 2 --dist loadscope $(if $(SLOW),,-m "not slow")

notebooks: $(STAMP)
	@$(RUN) -m doit notebooks

lint: $(STAMP)
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: $(STAMP)
	@for file in tests/speed/bench_*.py; do echo "== $$file"; $(RUN) "$$file" || exit 1; done

# The installed versions, as the new lock.
lock: $(STAMP)
	@{ sed -n '/^#/p' requirements.lock; \
	   $(RUN) -m pip freeze --all --exclude-editable | grep -v '^pip=' | sed -E \
	   's/^(($(CUDA)).*)$$/\1 ; sys_platform == "linux" and platform_machine == "x86_64"/'; \
	 } > requirements.lock.tmp && mv requirements.lock.tmp requirements.lock

clean:
	rm -rf _build figures/demo book/notebooks book/*.ipynb .doit.db*

# Installation is done once, and again only when what it installs has changed.
$(STAMP): requirements.lock pyproject.toml book/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
	  echo "naswotlib needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is: $$($(PYTHON) --version 2>&1 || true)"; \
	  echo "Install one, or name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; } >&2
	@echo "Installing what requirements.lock names into $(VENV) (once; some minutes)"
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
ifeq ($(TORCH),cpu)
	@grep -E '^(torch|torchvision)==' requirements.lock > $(VENV)/torch.txt
	@$(PIP) --no-deps --index-url https://download.pytorch.org/whl/cpu -r $(VENV)/torch.txt
	@grep -vE '^($(CUDA))' requirements.lock > $(VENV)/lock.txt
else
	@cp requirements.lock $(VENV)/lock.txt
endif
	@$(PIP) -r $(VENV)/lock.txt
	@$(PIP) --no-deps --no-build-isolation --editable '.[data,book,distributed,optuna,test]' --editable book
	@touch $@
