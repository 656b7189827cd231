#!/usr/bin/env bash
# What tests and screenshots need from Debian or Ubuntu: Chromium, fonts for Chinese and signs, promtool.
#   system_deps.sh          name what is missing, and change nothing
#   system_deps.sh install  install it, as root with apt-get
# What stays missing is counted and named, and its tests say why they are skipped.
set -euo pipefail

policy="${POLICY_RC_D:-/usr/sbin/policy-rc.d}"
ours="# Made by Shipbell's system_deps.sh while it installs packages, process"
log=""

clear_away() {
    [ -z "$log" ] || rm -f "$log"
    # Ours, or of a run that was killed; another run that still works keeps its own.
    local maker=""
    [ ! -e "$policy" ] || maker="$(sed -n "s/^$ours //p" "$policy")"
    if [ "$maker" = "$$" ] || { [ -n "$maker" ] && ! kill -0 "$maker" 2>/dev/null; }; then rm -f "$policy"; fi
}
trap clear_away EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

wanted=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || wanted+=(chromium)
if ! command -v fc-list >/dev/null || ! fc-list :lang=zh-cn family 2>/dev/null | grep -q .; then
    wanted+=(fontconfig fonts-noto-cjk)
fi
if ! command -v fc-list >/dev/null || ! fc-list 2>/dev/null | grep -qi emoji; then
    wanted+=(fonts-noto-color-emoji)
fi
command -v promtool >/dev/null || wanted+=(prometheus)

if [ "${#wanted[@]}" -eq 0 ]; then
    echo "system packages: nothing is missing"
    exit 0
fi
missing="system packages: ${#wanted[@]} missing (${wanted[*]})"
if [ "${1:-}" != install ]; then
    echo "$missing: the tests that need them are skipped; \`make deps\` as root installs them" >&2
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "$missing: not root or no apt-get, so the tests that need them are skipped" >&2
    exit 0
fi

log="$(mktemp)"
export DEBIAN_FRONTEND=noninteractive
# Packages may start their service when installed; here only the programs are wanted.
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$ours $$" >"$policy"
    chmod 755 "$policy"
fi
echo "system packages: installing ${wanted[*]}"
if ! apt-get update -qq >"$log" 2>&1; then
    tail -n 5 "$log" >&2
fi
# One by one: what one distribution does not have keeps nothing else away.
for package in "${wanted[@]}"; do
    if ! apt-get install -y -qq --no-install-recommends "$package" >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        echo "system packages: could not install $package; the tests that need it are skipped" >&2
    fi
done
