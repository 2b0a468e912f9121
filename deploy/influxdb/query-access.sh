#!/bin/bash
# Lets Grafana ask a bucket of InfluxDB 2 in InfluxQL: maps the database name "hdmonitor" to the bucket
# "hdmonitor" (DBRP), and writes a token that may only read it into a file. Once for each server.
#
# The first start of the container runs it. By hand, with INFLUX_HOST, INFLUX_TOKEN and INFLUX_ORG set:
#   bash query-access.sh TOKEN_FILE
set -euo pipefail

token_file=${1:-/tokens/grafana}
bucket=${DOCKER_INFLUXDB_INIT_BUCKET_ID:-$(influx bucket list --name hdmonitor --hide-headers | cut -f 1)}

influx v1 dbrp create --bucket-id "$bucket" --db hdmonitor --rp autogen --default
influx auth create --description "Grafana reads hdmonitor" --read-bucket "$bucket" --json |
    sed -n 's/^\s*"token": "\(..*\)",$/\1/p' > "$token_file"
if [ ! -s "$token_file" ]; then
    echo "no token came back from: influx auth create; $token_file is empty" >&2
    exit 1
fi
