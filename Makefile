# `make demo` and `make test` set up everything they need: a virtual environment here, and through apt (as root or with
# sudo) what Python packages cannot bring.

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench soak pi-test vm-test arm-test wheel clean help

help:
	@echo "make demo    see it work: simulated camera, embedded broker, alerts in the terminal"
	@echo "make test    all tests, with a real MQTT broker"
	@echo "make check   ruff and mypy --strict"
	@echo "make bench   the benchmarks, where it can be against a peer in the same run"
	@echo "make soak    an hour of faults: kills, outages, full disks, frozen cameras; SOAK_FAULTS, SOAK_EVENTS, SOAK_SEED"
	@echo "make pi-test install it on Debian Trixie and Bookworm in containers, under a real systemd; as root"
	@echo "make vm-test boot it in a virtual machine: a V4L2 camera that is torn out, a power cut, a full disk; as root"
	@echo "make arm-test see the same on Debian for 64-bit Arm, emulated; as root"
	@echo "make wheel   build the wheel into dist/"

demo: $(VENV)/.demo
	$(BIN)/insect-edge demo

test: $(VENV)/.test
	$(BIN)/python -m pytest

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test
	$(BIN)/python -m pytest -m benchmark -s tests/benchmarks

# The first run makes two file systems, 450 MiB each, and one of 1 GiB with picamera2, in $PI_TEST_CACHE, else in
# ~/.cache/insect-edge/pi.
pi-test: $(VENV)/.test
	sh deploy/bootstrap.sh tools debootstrap:debootstrap systemd-nspawn:systemd-container
	PI_TEST_BUILD=1 $(BIN)/python -m pytest -m pi tests/pi

# With Debian's own kernel, and without hardware virtualization. The first run makes a file system of 950 MiB beside those.
vm-test: $(VENV)/.test
	sh deploy/bootstrap.sh tools debootstrap:debootstrap systemd-nspawn:systemd-container \
		qemu-system-x86_64:qemu-system-x86 mke2fs:e2fsprogs
	PI_TEST_BUILD=1 $(BIN)/python -m pytest -m vm tests/vm

# The first run makes two file systems for Arm, 350 MiB each with their wheels; emulation takes minutes.
arm-test: $(VENV)/.test
	sh deploy/bootstrap.sh tools debootstrap:debootstrap qemu-aarch64-static:qemu-user-static
	PI_TEST_BUILD=1 $(BIN)/python -m pytest -m arm -s tests/arm

soak: $(VENV)/.test
	PYTHONPATH=tests $(BIN)/python -m support.soak

wheel: $(VENV)/.check
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

$(BIN)/python:
	sh deploy/bootstrap.sh venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	touch $@

$(VENV)/.check: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	sh deploy/bootstrap.sh tools mosquitto:mosquitto mosquitto_sub:mosquitto-clients openssl:openssl faketime:faketime
	$(BIN)/python -m pip install --quiet --editable '.[converter,demo,test]'
	touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
