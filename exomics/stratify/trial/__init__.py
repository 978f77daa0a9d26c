"""Who benefits, in a trial of two arms: interactions, scores of benefit, subgroups."""
