# Part of install.sh: what the system must be and have.
# shellcheck shell=bash

os_field() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$OS_RELEASE"; }

check_system() {
    local system architecture
    [ -r "$OS_RELEASE" ] || refuse "$OS_RELEASE is missing: this is no Debian, and nothing else is known here"
    system=$(os_field ID):$(os_field VERSION_CODENAME)
    case $system in
    debian:bookworm | raspbian:bookworm) codename=bookworm python_version=3.11 ;;
    debian:trixie | raspbian:trixie) codename=trixie python_version=3.13 ;;
    *) refuse "this system is ${system%:*} ${system#*:}: only Raspberry Pi OS and Debian, Bookworm or Trixie, are known" ;;
    esac
    architecture=$(dpkg --print-architecture)
    case $architecture in
    arm64 | amd64) ;;
    armhf | armel | i386)
        refuse "this is a 32-bit system ($architecture), for which the LiteRT runtime does not exist: install the 64-bit" \
            "Raspberry Pi OS, which every board from Pi 3 and Zero 2 W on can run. What 32 bit can have, on Bookworm with a" \
            "Pi 2 or later, is 'insect-edge classify' with the much slower tflite-runtime: pip install it by hand"
        ;;
    *) refuse "there are no wheels of the LiteRT runtime for $architecture: it takes arm64 (or amd64, for trying out)" ;;
    esac
    say "$(os_field PRETTY_NAME), $architecture, Python $python_version"
}

check_root() {
    [ -n "$dry" ] || [ "$(id -u)" = 0 ] || fail "needs root: begin the command with sudo"
    [ -n "$dry" ] && return
    exec 9>/run/lock/insect-edge-install.lock
    flock --nonblock 9 || fail "another installation is running: wait for its end"
}

check_room() {
    local free
    free=$(df --output=avail -m /opt | tail -n 1)
    [ "$free" -ge $NEEDED_MIB ] || fail "/opt has $free MiB left, $NEEDED_MIB are needed: make room first"
}

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Heard to the end, since a pipe that closes early would say no, and in the one language that is understood here.
has_candidate() {
    local policy
    policy=$(LC_ALL=C apt-cache policy "$1" 2>/dev/null) || return 1
    [[ $policy =~ Candidate:\ [^\(] ]]
}

get_packages() {
    local missing=() package
    for package in python3 python3-venv python3-picamera2; do installed "$package" || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    # Without network apt may still have the packages in its cache.
    [ -n "$wheelhouse" ] || run apt-get update -qq ||
        say "apt-get update failed: is there a network? Going on with what apt knows already"
    if ! installed python3-picamera2 && ! has_candidate python3-picamera2; then
        unset 'missing[-1]'
        say "there is no python3-picamera2 here, which Raspberry Pi OS brings: cameras on the board's own connector" \
            "cannot be used, USB cameras, streams and files can"
    fi
    [ ${#missing[@]} -gt 0 ] || return 0
    run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
        fail "apt could not install ${missing[*]}: see above"
    [ -n "$dry" ] || { mkdir -p $RELEASES && printf '%s\n' "${missing[@]}" >>$RELEASES/apt-packages; }
}

check_python() {
    local found
    found=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || found=none
    [ "$found" = $python_version ] ||
        fail "/usr/bin/python3 is $found, $codename has $python_version: point it back at the system's own Python"
}
