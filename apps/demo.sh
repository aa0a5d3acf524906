#!/usr/bin/env bash
# What `make run` shows: a controller, two rank processes that hold a prompt, and
# a lookup that finds it. Stays up until Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
http_port=${KVC_HTTP_PORT:-9000}
link_port=${KVC_LINK_PORT:-9001}
url=http://127.0.0.1:$http_port
folder=$(mktemp -d)
tokens='[128000, 849, 21435, 279, 26431, 315, 85748, 6636, 304, 4221, 4211, 13]'

stop() {
  trap - EXIT INT TERM HUP
  jobs -p | xargs -r kill 2>/dev/null || true
  wait || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'echo; exit 0' INT TERM HUP

give_up() {
  echo "$1; the logs say:" >&2
  tail -n 5 "$folder"/*.log >&2
  exit 1
}

echo "$tokens" >"$folder/prompt.json"
echo "Starting a controller and two ranks of one instance ..."
"$bin/kvc-controller" --host 127.0.0.1 --port "$http_port" \
  --monitor-port "$link_port" >"$folder/controller.log" 2>&1 &
for rank in 0 1; do
  "$bin/kvc-worker" --config config/demo.yaml --rank "$rank" \
    --controller-pull-url "127.0.0.1:$link_port" --prompt "$folder/prompt.json" \
    >"$folder/rank-$rank.log" 2>&1 &
done

for _ in $(seq 100); do
  "$bin/kvc" --url "$url" lookup --file "$folder/prompt.json" \
    >"$folder/answer" 2>/dev/null && break
  [ "$(jobs -pr | wc -l)" = 3 ] || give_up "A program has ended"
  sleep 0.1
done
[ -s "$folder/answer" ] || give_up "Nothing was found within 10 s"

echo
echo "\$ kvc workers"
"$bin/kvc" --url "$url" workers
echo
echo "\$ kvc lookup --tokens $(tr -d '[] ' <"$folder/prompt.json")"
cat "$folder/answer"
cat <<TEXT

Try:
  curl -s $url/lookup -H 'Content-Type: application/json' -d '{"tokens": $tokens}'
  curl -s $url/health -H 'Content-Type: application/json' -d '{"instance_id": "demo"}'
  curl -s $url/controller/workers
Ctrl-C ends it.
TEXT
wait
