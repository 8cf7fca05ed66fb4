"""Compiled loops: arrays in, arrays out."""

import numba

from naswotlib.scoring.ready import BESIDE, loops_folder

if not numba.config.CACHE_DIR and loops_folder() != BESIDE:
    numba.config.CACHE_DIR = str(loops_folder())
