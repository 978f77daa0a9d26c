"""Compiled kernels of `exomics.stats.running_sum`: the running sum in O(members), and its permutation null.

A gene set is a sorted list of positions in the ranking. `before` and `through` hold, for each position, how many
features rank above it and how many rank above or equal to it: with ties the sum is read only where a block of equal
statistics starts or ends, so that the order within a block has no effect.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from exomics.stats._compiled import entry_point, helper, inlined

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_32 = np.uint64(0xFFFFFFFF)


@inlined
def _mixed(state):
    """The output function of splitmix64."""
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return state ^ (state >> np.uint64(31))


@inlined
def _below(state, bound):
    """A whole number in [0, bound) without bias, by Lemire's multiplication; also the next state."""
    limit = np.uint64(bound)
    threshold = (np.uint64(4294967296) - limit) % limit
    while True:
        state += _GOLDEN
        product = (_mixed(state) >> np.uint64(32)) * limit
        if (product & _LOW_32) >= threshold:
            return np.int64(product >> np.uint64(32)), state


@helper
def _extremes(weights, before, through, positions, k):
    """Largest and smallest value of the running sum, and the hits at which they occur (0-based; -1 for none)."""
    total = 0.0
    for hit in range(k):
        total += weights[positions[hit]]
    scale = 1.0 / total if total > 0.0 else 1.0 / k
    miss = 1.0 / (weights.size - k)
    reached, high, low, peak, trough = 0.0, 0.0, 0.0, -1, -1
    for hit in range(k):
        position = positions[hit]
        bottom = reached * scale - (before[position] - hit) * miss
        reached += weights[position] if total > 0.0 else 1.0
        top = reached * scale - (through[position] - hit - 1) * miss
        if top > high:
            high, peak = top, hit
        if bottom < low:
            low, trough = bottom, hit
    return high, low, peak, trough


@helper
def _untied_score(weights, positions, k):
    """Enrichment score without ties: as `_extremes`, without the look-ups of blocks and places."""
    total = 0.0
    for hit in range(k):
        total += weights[positions[hit]]
    if total <= 0.0:
        return np.nan
    scale = 1.0 / total
    miss = 1.0 / (weights.size - k)
    reached, high, low = 0.0, 0.0, 0.0
    for hit in range(k):
        position = positions[hit]
        fallen = (position - hit) * miss
        low = min(low, reached * scale - fallen)
        reached += weights[position]
        high = max(high, reached * scale - fallen)
    return high if high >= -low else low


@helper
def _score(ranking, positions, k):
    weights, before, through, tied = ranking
    if not tied:
        score = _untied_score(weights, positions, k)
        if score == score:
            return score
    high, low, _, _ = _extremes(weights, before, through, positions, k)
    return high if high >= -low else low


@entry_point
def set_scores(ranking, positions, offsets, scores, turns):
    """Score of each set, and the hit at which the sum turns: leading members are up to it (or from it, if negative)."""
    weights, before, through, _ = ranking
    for chosen in range(offsets.size - 1):
        first, k = offsets[chosen], offsets[chosen + 1] - offsets[chosen]
        high, low, peak, trough = _extremes(weights, before, through, positions[first:], k)
        scores[chosen] = high if high >= -low else low
        turns[chosen] = peak if high >= -low else trough


@helper
def _merge(positions, held, chunk, n_new):
    """Merge `n_new` unsorted positions into the first `held`, which are sorted."""
    for i in range(1, n_new):
        value, j = chunk[i], i - 1
        while j >= 0 and chunk[j] > value:
            chunk[j + 1] = chunk[j]
            j -= 1
        chunk[j + 1] = value
    i, j, target = held - 1, n_new - 1, held + n_new - 1
    while j >= 0:
        if i >= 0 and positions[i] > chunk[j]:
            positions[target] = positions[i]
            i -= 1
        else:
            positions[target] = chunk[j]
            j -= 1
        target -= 1


@helper
def _draw(order, swaps, done, n_new, state):
    """Continue a Fisher-Yates shuffle of `order` from `done` by `n_new` places; `swaps` remembers how to undo it."""
    n = order.size
    for place in range(done, done + n_new):
        offset, state = _below(state, n - place)
        other = place + offset
        swaps[place] = other
        order[place], order[other] = order[other], order[place]
    return state


@entry_point
def null_counts(ranking, sizes, groups, key, n_permutations):
    """One shuffle per permutation serves every set size; nothing is kept but sums.

    `sizes` are the distinct set sizes, ascending; `groups` holds the observed scores, set size by set size, and the
    borders between sizes. Returns, per size, how many null scores are >= 0 and < 0 and the sum of each kind; per set,
    how many null scores of its own sign are at least as far from zero.
    """
    observed, group_offsets = groups
    n, largest = ranking[0].size, sizes[-1]
    order = np.arange(n).astype(np.int32)
    swaps = np.empty(largest, dtype=np.int32)
    positions = np.empty(largest, dtype=np.int32)
    chunk = np.empty(largest, dtype=np.int32)
    counts = np.zeros((sizes.size, 2), dtype=np.int64)
    sums = np.zeros((sizes.size, 2))
    beyond = np.zeros(observed.size, dtype=np.int64)
    for permutation in range(n_permutations):
        state = _mixed(key + _GOLDEN * np.uint64(permutation + 1))
        held = 0
        for which in range(sizes.size):
            n_new = sizes[which] - held
            state = _draw(order, swaps, held, n_new, state)
            chunk[:n_new] = order[held : held + n_new]
            if n_new > 64:
                chunk[:n_new].sort()
            _merge(positions, held, chunk, n_new)
            held = sizes[which]
            score = _score(ranking, positions, held)
            side = 0 if score >= 0.0 else 1
            counts[which, side] += 1
            sums[which, side] += score
            for chosen in range(group_offsets[which], group_offsets[which + 1]):
                if side == 0:
                    beyond[chosen] += observed[chosen] >= 0.0 and score >= observed[chosen]
                else:
                    beyond[chosen] += observed[chosen] < 0.0 and score <= observed[chosen]
        for place in range(held - 1, -1, -1):
            other = swaps[place]
            order[place], order[other] = order[other], order[place]
    return counts, sums, beyond


@entry_point
def running_sum(ranking, positions):
    """The sum at the end of each block of equal statistics, by rank: (n_features,)."""
    weights, _, through, _ = ranking
    n, k = weights.size, positions.size
    total = weights[positions].sum()
    steps = np.full(n, -1.0 / (n - k))
    for position in positions:
        steps[position] = weights[position] / total if total > 0.0 else 1.0 / k
    level = np.cumsum(steps)
    return level[through - 1]
