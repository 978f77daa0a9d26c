"""The models that pipelines are built of, and how their settings are chosen in inner folds."""
