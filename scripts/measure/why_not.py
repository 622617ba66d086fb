"""Why a budget is not met: written by hand, shown in BENCHMARKS.md where it is so.

By the budget's name: what it bounds, a colon, and the bound, as the page says them. `scripts/bench
--page` names those that want a reason, and writes the page again without measuring.
"""

WHY_NOT = {}
