"""The program of tests about kills at each step: it plays an example and dies once a node has done its work."""

import importlib
import sys

from graphs.catalogue import find
from lab.lab import Lab
from tests.support.effect_crash_program import deadly
from tests.support.example_player import play_steps
from tests.support.labs import quiet


def main() -> None:
    """Play the example of the command line and die in the node that it names."""
    database, slug, lane_key, number, node = sys.argv[1:]
    pattern = find(slug)
    graph_file = importlib.import_module(pattern.lane(lane_key).build.__module__)
    setattr(graph_file, node, deadly(getattr(graph_file, node)))
    lab = Lab(quiet(database, lease=0.5))
    play_steps(lab.workspace("tests"), slug, lane_key, pattern.examples[int(number)])


if __name__ == "__main__":
    main()
