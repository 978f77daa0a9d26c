"""What a pipeline would do for subjects it never saw: outer folds, measures, intervals, nulls, other cohorts."""
