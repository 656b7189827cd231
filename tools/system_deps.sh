#!/usr/bin/env bash
# Bring what tests and screenshots need from Debian or Ubuntu: Chromium, fonts for Chinese and signs, promtool.
# Without root or apt-get nothing is installed; what is missing is named, and its tests say why they are skipped.
set -euo pipefail

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
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "system packages: missing ${wanted[*]}; not root or no apt-get, so the tests that need them are skipped" >&2
    exit 0
fi

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# Packages may start their service when installed; here only the programs are wanted.
blocked=""
if [ ! -e /usr/sbin/policy-rc.d ]; then
    blocked=/usr/sbin/policy-rc.d
    trap 'rm -f "$log" "$blocked"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$blocked"
    chmod 755 "$blocked"
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
