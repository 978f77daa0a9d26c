"""The fitting scripts are run by hand: pytest does not collect them."""

collect_ignore_glob = ["fit_*.py"]
