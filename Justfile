# The only list of commands. `./just` installs what is missing and comes here; CI calls these and nothing else.

set shell := ["bash", "-euo", "pipefail", "-c"]

root := justfile_directory()
target := env("CARGO_TARGET_DIR", root / "target")
sothebais := target / "release/sothebais"
export PATH := root / ".cache/tools/bin" + ":" + env("PATH")

# Lists the commands.
default:
    @just --list --unsorted

# A whole show on this machine: three lots, 200 bidders, 2,000 posts, a verified result.
demo *ARGS: build
    {{sothebais}} demo {{ARGS}}

# Runs the auctions of a manifest until they are over or you press Ctrl-C.
up FILE="examples/auction.yaml" *ARGS: build
    {{sothebais}} up -f {{FILE}} {{ARGS}}

# Builds every program, optimised: what is tested and measured is what is shipped.
build:
    cargo build --release --workspace --bins --quiet

# Builds the images of the Dockerfiles without a Docker engine, as tars in .cache/images. As root.
images *ARGS: build
    images/build {{ARGS}}

# Everything that must hold: checks, tests with a recorded show, twenty drill rounds, a show on a real cluster.
test: check check-generated test-units (drill-built "--rounds" "20") cluster-demo-built

# Builds every program, test and example in one go, so that all share their dependencies' features.
build-tests:
    cargo build --release --workspace --all-targets --quiet

# Unit and integration tests and a recorded show, against a real PostgreSQL and Redis.
test-units: build-tests
    .ci/chart-tools > /dev/null
    {{target}}/release/examples/with-servers --control-plane cargo nextest run --release --workspace --no-fail-fast --show-progress none

# The chart in every shape, the kustomize overlays, alerts and dashboards: rendered and checked by the real programs.
test-chart: build-tests
    .ci/chart-tools > /dev/null
    {{target}}/release/examples/with-servers --control-plane cargo nextest run --release --workspace --no-fail-fast --show-progress none -E 'package(packaging)'

# Kills, pauses and flushes under load; the judge works from what bidders were told.
drill *ARGS="--rounds 20": build
    {{sothebais}} drill {{ARGS}}

# The same with the programs as they are: `build` after `build-tests` would build some dependencies once more.
[private]
drill-built *ARGS:
    {{sothebais}} drill {{ARGS}}

# A show on a real node, with the programs as they are. Namespaces, mounts and control groups are made as root.
[private]
cluster-demo-built:
    $([ "$(id -u)" = 0 ] || echo sudo --preserve-env=PATH,HOME,CARGO_TARGET_DIR) {{sothebais}} cluster-demo --picture {{target}}/show.png --report {{target}}/cluster-demo.json

# Builds engines with a fault each and shows that the drill catches every one.
drill-faults *ARGS: build
    {{sothebais}} drill faults {{ARGS}}

# Measures: bids, replay or viewers, each beside its rivals in the same run.
bench NAME *ARGS: build
    {{sothebais}} bench {{NAME}} {{ARGS}}

# A real Kubernetes on this machine: up, down, status, images, kubectl, kill, … or `demo`: a whole show on it (docs/cluster.md).
cluster *ARGS="status": build-cluster
    {{ if ARGS =~ '^demo( |$)' { sothebais + " cluster-" + ARGS } else { target + "/release/cluster " + ARGS } }}

# Builds the program behind `cluster`; with everything else, so that all share their dependencies' features.
[private]
build-cluster:
    cargo build --release --workspace --bins --quiet

# The node, really: brings a cluster up, tries it, takes it down and looks for anything left. As root.
test-cluster: build-tests
    cargo nextest run --release --workspace --run-ignored only -E 'package(private-cluster) & test(node)' -j1 --no-capture

# A cluster for users with Docker and kind.
kind-up:
    kind create cluster --config kind-config.yaml --wait 2m

# Measures what composing a picture costs beside encoding it, in one run.
bench-compositor *ARGS: build-tests
    {{target}}/release/examples/bench-compositor {{ARGS}}

# Fuzzes: bid-grammar.
fuzz NAME *ARGS="-max_total_time=60":
    .ci/fuzz {{NAME}} {{ARGS}}

# All static checks that need no network: format, lints, structure, licences and sources of dependencies.
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --quiet -- -D warnings
    .ci/check-structure
    cargo deny --log-level error check bans licenses sources

# Known vulnerabilities of dependencies; fetches the RustSec database.
advisories:
    cargo deny --log-level error check advisories

# Writes every generated file.
generate: build-tests
    {{sothebais}} crd --directory crds
    {{target}}/release/examples/resources-page > docs/resources.md
    {{target}}/release/examples/metrics-page > docs/metrics.md
    {{target}}/release/examples/refusals-page > docs/refusals.md
    {{target}}/release/auction-engine openapi > services/auction-engine/openapi.json
    {{target}}/release/social-gateway openapi > services/social-gateway/openapi.json
    {{target}}/release/compositor openapi > services/compositor/openapi.json
    {{target}}/release/examples/scene-pictures services/lib/scene/goldens
    for part in served own cluster; do {{target}}/release/examples/rbac $part > helm/sothebais/files/rbac/$part.yaml; done
    HELM="$(.ci/chart-tools)/helm" {{target}}/release/packaging

# Fails when a generated file is not what its source says.
check-generated: generate
    git diff --exit-code -- crds docs/metrics.md docs/refusals.md docs/resources.md services/auction-engine/openapi.json services/social-gateway/openapi.json services/compositor/openapi.json services/lib/scene/goldens helm kustomize
