#!/usr/bin/env python3
"""rig_table.py FOLDER TAG: what tests/rig.sh measured, as one markdown table and the raw rows below it.

Medians of the runs; `busy` is the busiest moment of the machine in any of them, to be below 0.5 where a figure is quoted."""
import glob
import json
import os
import re
import statistics
import sys

OTHERS = 14  # as in rig.sh


def at(*path):
    """A figure of one run's file, by its path; None where it is not there."""
    def read(run):
        for key in path:
            run = run.get(key) if isinstance(run, dict) else None
        return run
    return read


LATENCY, NETWORK = at("lat", "median_ms"), at("quality", "loss0", "lat_median")
# What, the least good that is good enough, of which configuration of ours, which figure of a run, ours and the peers'.
ROWS = [
    ("mouth-to-ear, 10 ms frames, clean, ms", "≤ 50", "ours-10", LATENCY),
    ("mouth-to-ear, 40 ms frames, processing on, clean, ms", "≤ 100", "ours-40", LATENCY),
    ("the same at 40 ± 20 ms, ms", "≤ 150", "ours-40", NETWORK),
    ("the same, PESQ-WB", "≥ 4.0", "ours-40", at("quality", "loss0", "pesq_mean")),
    *((f"PESQ-WB at {loss} % loss, 40 ± 20 ms, 20 ms frames", target, "ours-20", at("quality", f"loss{loss}", "pesq_mean"))
      for loss, target in [(0, ""), (5, "≥ 4.0"), (10, "≥ 3.7"), (20, "≥ 2.9")]),
    *((f"dropouts at {loss} %, ms", target, "ours-20", at("quality", f"loss{loss}", "dropout_ms"))
      for loss, target in [(10, "0"), (20, "≤ 20")]),
    ("CPU idle, processing on, % of a core", "", "ours-40", at("idle", "A", "cpu_pct")),
    ("CPU talking, processing on, % of a core", "≤ 5", "ours-40", at("talk", "A", "cpu_pct")),
    ("PSS in a party, MB", "≤ 40", "ours-40", at("talk", "A", "pss_mb")),
]


def runs(folder, tag):
    """The runs of each label."""
    found = {}
    for file in sorted(glob.glob(os.path.join(folder, f"*_{tag}-*.json"))):
        label = re.sub(rf"_{re.escape(tag)}-\d+$", "", os.path.basename(file)[:-5])
        with open(file, encoding="utf-8") as text:
            found.setdefault(label, []).append(json.load(text))
    return found


def figures(found, label, read):
    return [figure for figure in map(read, found.get(label, [])) if figure is not None]


def median(values, digits=2):
    return f"{statistics.median(values):.{digits}f}" if values else "–"


def busiest(run):
    """Anywhere in a run's file."""
    if isinstance(run, dict):
        return max([run.get("host_busy") or 0, *map(busiest, run.values())])
    return 0


def main(folder, tag):
    found = runs(folder, tag)
    peers = sorted(label for label in found if not label.startswith(("ours", "crowd")))
    raw = []
    print("| | ours | to reach |" + "".join(f" {peer} |" for peer in peers))
    print("|---|---|---|" + "---|" * len(peers))
    for what, target, label, read in ROWS:
        ours = figures(found, label, read)
        cells = [median(ours), target, *(median(figures(found, peer, read)) for peer in peers)]
        print(f"| {what} | " + " | ".join(cells) + " |")
        raw.append((what, ours))
    alone = figures(found, "crowd-alone", at("cpu_pct"))
    for kind, target in [("silent", "≤ 0.3"), ("talking", "≤ 1")]:
        crowd = figures(found, f"crowd-{kind}", at("cpu_pct"))
        each = [(with_them - without) / OTHERS for with_them, without in zip(crowd, alone)]
        print(f"| CPU for each further {kind} member, of {OTHERS}, % | {median(each)} | {target} |" + " – |" * len(peers))
        raw.append((f"CPU among {OTHERS} {kind}, %", crowd))
        pss = figures(found, f"crowd-{kind}", at("pss_mb"))
        print(f"| PSS among {OTHERS} {kind}, MB | {median(pss, 1)} | |" + " – |" * len(peers))
    raw.append(("CPU with one other, %", alone))
    busy = {label: max(map(busiest, each)) for label, each in found.items()}
    print(f"| busy, of the whole machine | {max([busy[l] for l in busy if l.startswith('ours')], default=0):.2f} | < 0.5 |"
          + "".join(f" {busy[peer]:.2f} |" for peer in peers))
    print("\nRuns of ours:\n")
    for what, values in raw:
        print(f"- {what}: {', '.join(map(str, values)) or 'none'}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
