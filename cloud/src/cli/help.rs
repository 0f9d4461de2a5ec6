//! Texts of `--help`.

pub(super) const ABOUT: &str = "\
Local AugmentOS/MentraOS Cloud for development and tests. Apps connect to it as to the \
production cloud. Faults are injected by HTTP requests, scenario files or a random seed.

Apps connect to ws://ADDRESS/tpa-ws (or /app-ws) with the API key. The program writes one line \
with its address to standard output, and its log to standard error (RUST_LOG=debug for details).";

pub(super) const AFTER_HELP: &str = "\
Each option can also be set in the environment (the variable is shown above) and in a TOML file \
(--config), by its long name:

    listen = \"127.0.0.1:8002\"
    ping-interval = \"5s\"
    user-session = [\"user1\", \"user2\"]

Flags take precedence over the environment, the environment over the file.

Examples:
    tpa-cloud                                      port 8002, API key dev-key
    tpa-cloud --scenario train-tunnel              play a scenario
    tpa-cloud --seed 7                             inject random faults, reproducibly
    tpa-cloud --stream-interval 200us              send 5,000 stream frames a second
    curl -X POST localhost:8002/faults -d '{\"fault\": \"cut\"}'
    curl -X POST localhost:8002/scenarios -d '{\"name\": \"stale-nat\"}'
    curl localhost:8002/metrics";
