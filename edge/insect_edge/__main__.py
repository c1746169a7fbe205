"""`python -m insect_edge`: the same as `insect-edge`."""

from insect_edge.cli import main

main()
