"""`python -m app.operate`: `muster-server`, in a checkout."""

from app.operate import main

if __name__ == "__main__":
    main()
