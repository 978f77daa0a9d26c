"""The models that pipelines are built of, and how settings are chosen in inner folds."""
