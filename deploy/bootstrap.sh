#!/bin/sh
# Gets what a fresh Debian-like machine lacks.
#
#   bootstrap.sh venv FOLDER                 a virtual environment with Python 3.11 to 3.13
#   bootstrap.sh tools PROGRAM:PACKAGE ...   programs, from apt packages where they are missing
#
# PYTHON names the interpreter to use; default: the first of python3, python3.13, python3.12, python3.11 that fits.
set -eu

say() { echo "bootstrap: $*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        say "cannot run '$*': not root, and there is no sudo: install it by hand, then try again"
        return 1
    fi
}

apt_install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "no apt-get here: install $* by hand, then try again"
        return 1
    fi
    say "installing $* with apt"
    as_root apt-get update -qq
    # Through env, since sudo does not pass its caller's environment on.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

fits() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if fits "$candidate"; then
            echo "$candidate"
            return 0
        fi
    done
    return 1
}

make_venv() {
    if ! python=$(find_python); then
        apt_install python3 python3-venv
        python=$(find_python) || { say "Python 3.11 to 3.13 is needed: install it, or set PYTHON"; return 1; }
    fi
    # Debian splits venv's pip off into a package of its own; half an environment would be taken for a whole one.
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        apt_install python3-venv
    fi
    rm -rf "$1"
    "$python" -m venv "$1"
}

get_tools() {
    missing=
    for pair in "$@"; do
        program=${pair%%:*}
        # Debian keeps servers in /usr/sbin, which is not on every user's PATH.
        PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
    done
    # shellcheck disable=SC2086 # a list of package names
    [ -z "$missing" ] || apt_install $missing || say "going on without$missing: what needs them is skipped"
}

case "${1:-}" in
venv) shift && make_venv "$@" ;;
tools) shift && get_tools "$@" ;;
*)
    say "usage: bootstrap.sh venv FOLDER | tools PROGRAM:PACKAGE ..."
    exit 2
    ;;
esac
