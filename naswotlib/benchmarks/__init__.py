"""Tables of trained accuracies: what the score is compared with, and what a search is charged."""

from naswotlib.benchmarks.benchmark import Benchmark
from naswotlib.benchmarks.importers import import_file
from naswotlib.benchmarks.load import load_benchmark
from naswotlib.benchmarks.table import TableInfo

__all__ = ["Benchmark", "TableInfo", "import_file", "load_benchmark"]
