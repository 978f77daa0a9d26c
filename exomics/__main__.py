"""``python -m exomics`` is the command ``exomics``."""

from exomics.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
