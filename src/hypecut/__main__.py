"""`python -m hypecut`: the same as the `hypecut` command."""

from hypecut.cli.main import main

if __name__ == "__main__":
    main()
