"""What a network is: an operation graph, and the module, weights, trace and sizes that belong to it."""

from naswotlib.graph.graph import EPSILON, Counting, Graph, Op
from naswotlib.graph.network import GraphNetwork, init_weights

__all__ = ["EPSILON", "Counting", "Graph", "GraphNetwork", "Op", "init_weights"]
