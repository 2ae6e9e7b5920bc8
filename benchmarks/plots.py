"""Two plots out of `results.json`; runs in the peers' environment, where matplotlib is."""

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "stammdaten"
from matplotlib import pyplot as plt  # noqa: E402


def ratios(results: list[dict], folder: Path) -> None:
    """How far each figure is from its bound: 1 is the bound, below it the figure holds."""
    bound = [r for r in results if r["must"]]
    names, shares = [], []
    for r in bound:
        sign, limit = r["must"].split()
        among = f", {r['partners']} partners" if r["partners"] else ""
        names.append(f"{r['step']}, {r['size']:,}{among}")
        shares.append(r["ratio"] / float(limit) if sign == "≤" else float(limit) / r["ratio"])
    figure, axes = plt.subplots(figsize=(9, 0.4 * len(bound) + 1.2))
    axes.barh(names, shares, color=["#3a7d44" if share <= 1 else "#b23a48" for share in shares])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("share of what is allowed (1 is the bound)")
    axes.invert_yaxis()
    figure.tight_layout()
    figure.savefig(folder / "ratios.svg", metadata={"Date": None})


def growth(results: list[dict], folder: Path) -> None:
    """Time and peak memory of each step with all partners against the number of units, on logarithmic scales."""
    everyone = max(r["partners"] for r in results)
    results = [r for r in results if r["partners"] == everyone and not r["step"].startswith("growth")]
    steps = list(dict.fromkeys(r["step"] for r in results))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for step in steps:
        points = sorted((r["size"], r["seconds"], r["peak_mb"]) for r in results if r["step"] == step)
        sizes = [size for size, _, _ in points]
        left.plot(sizes, [seconds for _, seconds, _ in points], marker="o", label=step)
        right.plot(sizes, [peak for _, _, peak in points], marker="o")
    for axes, name in ((left, "seconds"), (right, "MB at most")):
        axes.set(xscale="log", yscale="log", xlabel="units", ylabel=name)
        axes.grid(True, which="both", alpha=0.3)
    left.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(folder / "growth.svg", metadata={"Date": None})


if __name__ == "__main__":
    read = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["results"]
    ratios(read, Path(sys.argv[2]))
    growth(read, Path(sys.argv[2]))
