# Every target does its own set-up on a machine that has Python 3.11 and make.

PYTHON ?= python3
EXTRAS ?=
UV := .tools/bin/uv
RUN := .venv/bin

.PHONY: demo test check quick fix snapshots clean

demo: .venv/ready          ## the main job on the embedded world: no cluster, no key, no network
	$(RUN)/steersman demo

test: check                ## the whole suite: types, style, import contracts, tests; the lab's, which mostly wait, beside the rest
	@$(RUN)/pytest -m lab >.lab-tests.log 2>&1 & lab=$$!; \
	$(RUN)/pytest -m "not lab"; rest=$$?; \
	wait $$lab; lab=$$?; cat .lab-tests.log; exit $$((rest | lab))

quick: check               ## the same without the lab
	$(RUN)/pytest -m "not lab"

check: .venv/ready
	$(RUN)/ruff format --check .
	$(RUN)/ruff check --output-format concise .
	$(RUN)/mypy
	$(RUN)/lint-imports

fix: .venv/ready           ## formats, and mends what can be mended
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

.venv/ready: pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen --quiet $(EXTRAS)
	$(RUN)/python -m compileall -q agent tools prompts evals   # also where PYTHONDONTWRITEBYTECODE is set
	touch $@

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv

clean:
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .lab-tests.log
