#!/usr/bin/env bash
# Checks what ships for Prometheus, Alertmanager and Grafana with those servers' own tools.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=/dev/null
. .tools/env.sh

"$OUTGROW_PROMTOOL" check rules --lint=all --lint-fatal alerts/rules.yml
"$OUTGROW_PROMTOOL" check config alerts/prometheus.yml
"$OUTGROW_PROMTOOL" test rules alerts/tests.yml
"$OUTGROW_AMTOOL" check-config alerts/alertmanager.yml
