"""Networks as operation graphs: the graph, its module and weights, tracing, sizes."""

from naswotlib.graph.graph import EPSILON, Counting, Graph, Op
from naswotlib.graph.network import GraphNetwork, init_weights

__all__ = ["EPSILON", "Counting", "Graph", "GraphNetwork", "Op", "init_weights"]
