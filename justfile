# Everyday recipes; `just` lists them.

_default:
    @just --list --unsorted

# Start the server in development mode.
run *ARGS:
    cargo run -- {{ ARGS }}

# Take over people from a SCIM export.
import FILE:
    cargo run -- import {{ quote(FILE) }}

# Run every test.
test *ARGS:
    scripts/test {{ ARGS }}

# Everything that CI runs.
check:
    bash .ci/run

# Format the code.
fmt:
    cargo fmt --all

# Warnings are errors.
lint:
    cargo clippy --workspace --all-targets --all-features -- -D warnings

# Build the documentation, private items too, and open it.
doc:
    cargo doc --workspace --all-features --no-deps --document-private-items --open

# Hold the pages to what is there: links, settings, commands.
check-docs:
    cargo build
    scripts/check-docs --muster "${CARGO_TARGET_DIR:-target}/debug/muster"

# Run the README's walk against a fresh server.
walk:
    scripts/walk

# Hold the dependencies to deny.toml and to the house's rules.
deny:
    scripts/check-dependency-rules
    "$(scripts/install-tool cargo-deny)" check --hide-inclusion-graph licenses bans sources

# Measure Muster beside what bounds it, on a machine that is quiet; renews docs/performance.md.
bench *ARGS:
    scripts/install-postgres
    bench/run {{ ARGS }}

# Measure the parts that ask nobody: tokens, hashes, masking, the profile over a store in memory.
bench-pure *ARGS:
    cargo bench -p muster-domain -p muster-crypto -p muster-http --bench pure -- {{ ARGS }}

# Mixed traffic for 20 minutes.
bench-soak *ARGS:
    scripts/install-postgres
    bench/run soak {{ ARGS }}

# How long housekeeping takes to clear a backlog, beside a load.
bench-housekeeping *ARGS:
    scripts/install-postgres
    bench/housekeeping {{ ARGS }}

# One, two and three servers over one PostgreSQL.
bench-scale *ARGS:
    scripts/install-postgres
    bench/run scale {{ ARGS }}
