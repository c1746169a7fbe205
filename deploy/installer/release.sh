# Part of install.sh: one version in a folder of its own, tried before anything is switched to it.
# shellcheck shell=bash

find_wheel() {
    if [ -z "$wheel" ] && [ -n "$wheelhouse" ]; then
        wheel=$(find "$wheelhouse" -maxdepth 1 -name 'insect_edge-*-none-any.whl' | sort -V | tail -n 1)
    fi
    if [ -z "$wheel" ] && [ -f "$HERE/../pyproject.toml" ]; then build_wheel; fi
    [ -n "$wheel" ] || fail "nothing to install: name a downloaded wheel with --wheel, or run this from a checkout"
    version=$(basename "$wheel" | cut -d - -f 2)
}

build_wheel() {
    if [ -n "$dry" ]; then
        wheel=insect_edge-$(sed -n 's/^version = "\(.*\)"/\1/p' "$HERE/../pyproject.toml")-py3-none-any.whl
        echo "would build: $wheel from $(dirname "$HERE")"
        return
    fi
    say "building the wheel"
    /usr/bin/python3 -m venv "$scratch/build"
    "$scratch/build/bin/python" -m pip wheel --quiet --no-cache-dir --no-deps "${index[@]}" --wheel-dir "$scratch/wheel" \
        "$HERE/.." || fail "the wheel cannot be built: see above"
    wheel=$(echo "$scratch"/wheel/insect_edge-*.whl)
}

# A file of deploy/ as the wheel brought it, so that unit and program are always of one version.
of_release() { echo "$1"/lib/python3*/site-packages/insect_edge/deploy/"$2"; }

in_wheel() { python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$@"; }

# numpy is held at what the system's picamera2 was compiled against.
make_constraints() {
    local numpy
    in_wheel "$wheel" "insect_edge/deploy/constraints-$codename.txt" >"$scratch/constraints"
    if numpy=$(/usr/bin/python3 -c 'import numpy; print(numpy.__version__)' 2>/dev/null); then
        sed -i "s/^numpy==.*/numpy==$numpy/" "$scratch/constraints"
    fi
}

# Names the folder of this wheel: the version, and for another build of a version that is there a few digits more.
name_release() {
    release=$RELEASES/$version
    [ -n "$dry" ] && [ ! -f "$wheel" ] && return
    digest=$(sha256sum "$wheel" | cut -c 1-64)
    if [ -f "$release/complete" ] && ! grep -q "$digest" "$release/complete"; then
        release=$RELEASES/$version-${digest:0:8}
    fi
}

# Not so after the system went on to another Python, which looks for the libraries in another folder.
is_usable() { [ -f "$1/complete" ] && "$1/bin/python" -c 'import insect_edge.commands.run' 2>/dev/null; }

make_release() {
    ! is_usable "$release" || { say "$(basename "$release") is installed already" && return; }
    if [ -n "$dry" ]; then
        echo "would install: $wheel into $release, numpy as in constraints-$codename.txt, and probe its compiled parts"
        return
    fi
    check_room
    say "installing $(basename "$release") into $release"
    unfinished=$release
    rm -rf "$release"
    mkdir -p $RELEASES
    /usr/bin/python3 -m venv --system-site-packages "$release"
    make_constraints
    "$release/bin/python" -m pip install --quiet --no-cache-dir --only-binary :all: --constraint "$scratch/constraints" \
        "${index[@]}" "$wheel" || fail "pip could not install $wheel: see above; nothing has changed"
    probe
    # The word that it is complete must not outlive a lost supply where the files do not.
    sync -f "$release"
    echo "$digest  $(basename "$wheel")" >"$release/complete"
    unfinished=''
}

probe() {
    local parts=("${PARTS[@]}") part why code
    if /usr/bin/python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec("picamera2") is None)'; then
        parts+=(libcamera picamera2)
    fi
    for part in "${parts[@]}"; do
        why=$("$release/bin/python" -c "import $part" 2>&1) && continue
        code=$?
        case $code in
        132) why="it uses processor instructions that this machine lacks" ;;
        1) why=${why##*$'\n'} ;;
        *) why="the process ended with $code" ;;
        esac
        fail "$part cannot be imported: $why; $version is not installed, what was there stays"
    done
    why=$("$release/bin/insect-edge" check-config "$(of_release "$release" ../insect-edge.example.toml)" 2>&1) ||
        fail "$version does not work here: ${why##*$'\n'}; what was there stays"
}
