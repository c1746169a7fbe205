# Part of install.sh: user, folders, unit, and the switch from one version to another.
# shellcheck shell=bash

has_systemd() { [ -d /run/systemd/system ]; }

service_is() { has_systemd && systemctl --quiet "$1" insect-edge.service; }

# Which release `current` or `previous` means; nothing where there is none.
target_of() { readlink "$RELEASES/$1" || true; }

# ln alone would take the link away before it makes the new one.
point() {
    run ln -sfn "$2" "$RELEASES/.$1.new"
    run mv -T "$RELEASES/.$1.new" "$RELEASES/$1"
}

make_folders() {
    if ! getent passwd $ACCOUNT >/dev/null; then
        run useradd --system --user-group --home-dir $STATE --no-create-home --shell /usr/sbin/nologin $ACCOUNT
    fi
    run usermod --append --groups video $ACCOUNT
    run mkdir -p $CONFIGURATION
    run install -d -m 0700 $CREDENTIALS
    if [ ! -e $CONFIGURATION/insect-edge.toml ]; then
        run install -m 0644 "$(of_release "$release" ../insect-edge.example.toml)" $CONFIGURATION/insect-edge.toml
    fi
    run install -d -m 0750 -o $ACCOUNT -g $ACCOUNT $STATE
    run ln -sfn $RELEASES/current/bin/insect-edge $LAUNCHER
}

# Never half of one; systemd takes no notice of the name it has first.
put_file() {
    run install -D -m 0644 "$1" "$2.new"
    run mv -T "$2.new" "$2"
}

put_unit() {
    put_file "$(of_release "$1" insect-edge.service)" "$UNIT"
    if [ "$(systemctl --version | awk 'NR == 1 {print $2}')" -ge 257 ]; then
        put_file "$(of_release "$1" insect-edge-systemd257.conf)" "$DROP_IN"
    fi
    ! has_systemd || run systemctl daemon-reload
}

# Whether it ran, is about to, or gave up: whatever it waits for, it is to have the new version.
is_started() { has_systemd && [ "$(systemctl show --property ActiveState --value insect-edge.service)" != inactive ]; }

# Makes a release the current one. A service that ran and does not get ready with it gets the old one back.
activate() {
    local old new before
    old=$(target_of current) new=$(basename "$1") before=$(target_of previous)
    if [ "$old" = "$new" ]; then
        put_unit "$1"
        return
    fi
    check_configuration "$1"
    local ran=''
    [ -z "$old" ] || ! is_started || ran=yes
    # Nobody's Ctrl-C and no lost connection leaves a version in use that was not seen to get ready; a lost supply
    # leaves the way back to the old one.
    trap '' INT TERM HUP PIPE
    [ -z "$old" ] || point previous "$old"
    run sync -f "$RELEASES"
    point current "$new"
    put_unit "$1"
    if [ -n "$ran" ] && ! run systemctl restart insect-edge.service; then
        say "$new does not get ready: $(last_words)" || true
        point current "$old"
        if [ -n "$before" ]; then point previous "$before"; else rm -f "$RELEASES/previous"; fi
        put_unit "$RELEASES/$old"
        systemctl restart insect-edge.service || true
        fail "$old is back in its place; $new stays in $1, where it does no harm"
    fi
    trap 'exit 1' INT TERM HUP
    trap - PIPE
}

check_configuration() {
    local why
    if [ ! -f $CONFIGURATION/insect-edge.toml ] || [ ! -x "$1/bin/insect-edge" ]; then return; fi
    why=$("$1/bin/insect-edge" check-config $CONFIGURATION/insect-edge.toml 2>&1) ||
        fail "$(basename "$1") does not take the configuration, so what ran goes on; it waits in $1 for another try:"$'\n'"$why"
}

last_words() { journalctl --unit insect-edge --priority warning --lines 1 --output cat 2>/dev/null || true; }

begin_service() {
    run systemctl --quiet enable insect-edge.service
    if [ -z "$start" ] || ! has_systemd; then
        say "not started; it will be with the next boot, or with: systemctl start insect-edge"
        return
    fi
    service_is is-active || run systemctl start --no-block insect-edge.service
    [ -z "$dry" ] || return 0
    for _ in $(seq 30); do
        if service_is is-active; then
            say "running: $(systemctl show --property StatusText --value insect-edge.service)"
            return
        fi
        sleep 1
    done
    say "installed, but not ready yet: $(last_words)"
    say "edit $CONFIGURATION/insect-edge.toml, then: systemctl restart insect-edge"
}

remove_old_releases() {
    local folder name
    for folder in "$RELEASES"/*.*/; do
        name=$(basename "$folder")
        if [ ! -d "$folder" ] || [ -L "${folder%/}" ]; then continue; fi
        [ "$name" = "$(target_of current)" ] || [ "$name" = "$(target_of previous)" ] || run rm -rf "${folder%/}"
    done
}
