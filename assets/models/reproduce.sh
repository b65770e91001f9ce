#!/usr/bin/env bash
# Trains the embedded networks with `gatescope train` and records them in README.md beside this script.
#
#     cargo build --release
#     assets/models/reproduce.sh
#
# The same recipe gives the same network on the same kind of processor, whatever the number of threads; the hashes in
# README.md say whether it did. An interrupted run continues where it was; what is finished is not trained again.
#
#     GATESCOPE=path   the program                        [target/release/gatescope]
#     WORK=folder      where networks and reports are made [target/models]
#     THREADS=N        threads of one training             [those of the machine]
#     ONLY="se cbam"   some of the networks                [all]
set -euo pipefail
cd "$(dirname "$0")/../.."

GATESCOPE=${GATESCOPE:-target/release/gatescope}
WORK=${WORK:-target/models}
TRUNK="resnet20(stem=strided,blocks=2-2-3)"
NETWORKS=("none:" "se:+se(r=4)" "cam:+cam(r=4)" "sam:+sam" "cbam:+cbam(r=4)")
RECIPE=(--epochs 10 --samples 12800 --validation 1000)

mkdir -p "$WORK"
for entry in "${NETWORKS[@]}"; do
    name=${entry%%:*}
    if [[ " ${ONLY:-$name} " != *" $name "* ]] || [[ -s "$WORK/$name.json" && -f "$WORK/$name.safetensors" ]]; then
        continue
    fi
    flags=("${RECIPE[@]}" --half --format json --out "$WORK/$name.safetensors")
    [[ -n "${THREADS:-}" ]] && flags+=(--threads "$THREADS")
    [[ -f "$WORK/$name.training.safetensors" ]] && flags+=(--resume "$WORK/$name.training.safetensors")
    echo "$name: $TRUNK${entry#*:}"
    "$GATESCOPE" train "$TRUNK${entry#*:}" "${flags[@]}" > "$WORK/$name.json.part"
    mv "$WORK/$name.json.part" "$WORK/$name.json"
done

WORK="$WORK" VERSION="$("$GATESCOPE" --version)" COMMAND="${RECIPE[*]}" python3 - <<'PYTHON'
"""Copies finished networks beside this script and writes README.md from their reports."""
import datetime
import hashlib
import json
import os
import pathlib
import platform
import shutil

work, home = pathlib.Path(os.environ["WORK"]), pathlib.Path("assets/models")
rows, recipe, dataset, classes = [], None, None, None
for name in ["none", "se", "cam", "sam", "cbam"]:
    report, network = work / f"{name}.json", work / f"{name}.safetensors"
    if not (report.is_file() and network.is_file()):
        continue
    found = json.loads(report.read_text())
    seed = found["recipe"].pop("seed")
    if recipe not in (None, found["recipe"]):
        raise SystemExit(f"{report}: trained with another recipe than the others; delete it and train it again")
    recipe, dataset, classes = found["recipe"], found["dataset"], found["classes"]
    date = datetime.date.fromtimestamp(report.stat().st_mtime)
    minutes = sum(epoch["seconds"] for epoch in found["epochs"]) / 60
    shutil.copyfile(network, home / network.name)
    data = network.read_bytes()
    rows.append(
        f"| `{network.name}` | `{found['network']}` | {found['params']:,} | {found['test']['accuracy'] * 100:.1f} % "
        f"| {found['epochs'][-1]['validation']['accuracy'] * 100:.1f} % | {seed} | {date} | {minutes:.0f} min "
        f"| {len(data):,} | `{hashlib.sha256(data).hexdigest()}` |"
    )
    images = found["test"]["images"]
if not rows:
    raise SystemExit("nothing is trained yet")
text = f"""# The embedded networks

One trunk, five kinds of attention, trained by `gatescope train` on the generated data set "{dataset}"
({len(classes)} classes: {', '.join(classes)}). `reproduce.sh` trains them again and writes this file.

| file | network | parameters | test | validation | seed | date | steps took | bytes | SHA-256 |
|---|---|---:|---:|---:|---:|---|---:|---:|---|
{chr(10).join(rows)}

Test: the share of the first {images} images of the test split that is right, with the 16-bit weights of the file.
No choice was made by it. Trained with {os.environ['VERSION']} on {platform.machine()}:

    gatescope train NETWORK {os.environ['COMMAND']} --half --out FILE

Everything that decides a run, apart from network and seed:

```json
{json.dumps(recipe, indent=2)}
```

Each file's metadata has its network, classes, preprocessing, recipe, accuracy and the scores of every epoch:
`gatescope weights FILE --format json`.
"""
(home / "README.md").write_text(text)
print(f"{home / 'README.md'}: {len(rows)} networks")
PYTHON
