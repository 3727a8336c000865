# `make run` serves the gallery, `make test` checks it. Each fills .venv first, and again only when its list of
# packages changes: the stamps carry a checksum of the lists, so a second run needs no network.
.PHONY: run dev test quick lint fresh bench space

checksum = $(shell cat scripts/install.sh $(1) | cksum | cut -d' ' -f1)
RUN := .venv/.run-$(call checksum,requirements.txt)
DEV := .venv/.dev-$(call checksum,requirements.txt requirements-dev.txt)
FRESH := .venv/fresh/.fresh-$(call checksum,requirements.txt)
# Compiled ahead even where PYTHONDONTWRITEBYTECODE is set: without it every start compiles everything again.
COMPILE = .venv/bin/python -m compileall -q app.py demos dlcv benchmarks cluster
PYTEST = .venv/bin/python -m pytest -n 2 --dist loadfile

run: $(RUN)
	@$(COMPILE)
	@.venv/bin/python app.py

# What training and the tests need.
dev: $(DEV)

# Everything.
test: lint
	@$(COMPILE)
	.venv/bin/python -m tests.support.chromium
	$(PYTEST)
	@$(MAKE) --no-print-directory fresh

# For the inner loop: nothing counts on it.
quick: lint
	@$(COMPILE)
	.venv/bin/python -m tests.support.chromium
	env -u DLCV_DATA $(PYTEST) -m "not slow"

lint: $(DEV)
	.venv/bin/ruff check .
	.venv/bin/lint-imports --no-logo
	.venv/bin/python -m tests.support.javascript
	.venv/bin/vulture
	.venv/bin/python -m scripts.lines

# As on a new machine: requirements.txt alone in an environment of its own, every tab opened, everything clicked.
fresh: $(DEV) $(FRESH)
	@$(COMPILE)
	.venv/bin/python -m tests.support.fresh .venv/fresh/bin/python

# Speed: of the start, the endpoints, the boards, beside bare forward passes; of all for many visitors; and what comes of
# broken requests. The limits are those that tests had.
bench: $(DEV)
	@$(COMPILE)
	for what in startup latency boards pose painting load fuzz; do .venv/bin/python -m benchmarks.$$what || exit 1; done

# make space REPO=you/name
space: $(RUN)
	@.venv/bin/python -m scripts.space $(REPO)

$(RUN):
	@sh scripts/install.sh requirements.txt
	@rm -f .venv/.run-* && touch $@

$(DEV): $(RUN)
	@sh scripts/install.sh requirements-dev.txt
	@rm -f .venv/.dev-* && touch $@

$(FRESH): $(RUN)
	@PYTHON=.venv/bin/python sh scripts/install.sh requirements.txt .venv/fresh
	@rm -f .venv/fresh/.fresh-* && touch $@
