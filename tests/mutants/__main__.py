"""`make test-mutants`: how many mutants of the mappings the tests kill. `python -m tests.mutants [partner …]`."""

import sys
from collections.abc import Sequence

from tests.mutants.run import PARTNERS, Score, measure

ENOUGH = 95


def main(partners: Sequence[str]) -> int:
    """Prints the scores and what survived; 0 when each partner is at 95 % or above."""
    unknown = set(partners) - set(PARTNERS)
    if unknown:
        sys.stderr.write(f"No such partner: {', '.join(sorted(unknown))}. Known: {', '.join(PARTNERS)}.\n")
        return 2
    scores = measure(partners or PARTNERS)
    sys.stdout.write(table(scores))
    return 0 if scores and all(score.share >= ENOUGH for score in scores) else 1


def table(scores: Sequence[Score]) -> str:
    """One line a partner, then the survivors and the mutants that nobody can tell from the original, by name."""
    lines = ["", f"{'partner':<14}{'killed':>8}{'of':>8}{'share':>9}{'equivalent':>13}"]
    for score in scores:
        total = len(score.killed) + len(score.survived)
        share = f"{score.share:.1f} %" if not score.broken else "-"
        lines.append(
            f"{score.partner:<14}{len(score.killed):>8}{total:>8}{share:>9}{len(score.equivalent):>13}"
        )
    for score in scores:
        lines += [f"fails without a mutant: {score.partner}: {name}" for name in score.broken]
        lines += [f"survived: {name}" for name in score.survived]
        lines += [f"equivalent: {name}" for name in score.equivalent]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
