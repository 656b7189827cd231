#!/bin/sh
# Run a command of Shipbell as the unit runs the server: same user, same settings. Install as /usr/local/bin/shipbell.
exec runuser -u shipbell -- sh -c '
    umask 077
    set -a
    . /etc/shipbell/shipbell.env
    cd /var/lib/shipbell
    exec /opt/shipbell/current/bin/shipbell "$@"
' shipbell "$@"
