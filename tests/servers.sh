#!/bin/sh
# Installs the real servers that tests/wire talks to, from Debian. Without root, or away from
# Debian, it changes nothing: the tests that need a server that is not there say so and are skipped.
set -u
missing=""
command -v influxd >/dev/null 2>&1 || missing="$missing influxdb"
command -v victoria-metrics >/dev/null 2>&1 || missing="$missing victoria-metrics"
command -v chromium >/dev/null 2>&1 || missing="$missing chromium fonts-noto-cjk"
command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
command -v snmpd >/dev/null 2>&1 || missing="$missing snmpd"
command -v snmptrap >/dev/null 2>&1 || missing="$missing snmp"
[ -x /lib/nut/snmp-ups ] || missing="$missing nut-snmp"
command -v snmpsimd >/dev/null 2>&1 || missing="$missing snmpsim"
command -v mbpoll >/dev/null 2>&1 || missing="$missing mbpoll"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed, their tests are skipped:$missing"
    exit 0
fi
echo "installing for the tests:$missing"
export DEBIAN_FRONTEND=noninteractive
{ apt-get update && apt-get install -y --no-install-recommends $missing; } >/tmp/batteryd-servers.log 2>&1 || {
    echo "could not install:$missing (see /tmp/batteryd-servers.log); their tests are skipped"
}
