#!/bin/sh
# Starts the processes tpa@1 to tpa@COUNT again, one after the other: sh reload.sh [COUNT]
# One more process takes the sessions of the first, so that none goes to a process that is yet to be stopped.
set -eu
count=${1:-4}
case $count in
[1-8]) spare=$((count + 1)) ;;
*)
  echo "COUNT must be a number from 1 to 8, not $count: tpa@9 is the last one" >&2
  exit 2
  ;;
esac

ready() {
  for _ in $(seq 60); do
    if curl --fail --silent --output /dev/null "http://127.0.0.1:808$1/health?ready"; then
      # Known to the others by its second beat.
      sleep 5
      return 0
    fi
    sleep 1
  done
  echo "tpa@$1 is not ready after 60 s" >&2
  return 1
}

systemctl start "tpa@$spare"
ready "$spare"
i=1
while [ "$i" -le "$count" ]; do
  systemctl restart "tpa@$i"
  ready "$i"
  i=$((i + 1))
done
systemctl stop "tpa@$spare"
