"""naswotlib: the reproducible companion to *Neural Architecture Search without Training* (Mellor et al., 2021).

>>> import naswotlib
>>> space = naswotlib.get_space("nasbench201")
>>> inputs = naswotlib.load_images("noise", 16, seed=0)
>>> score = naswotlib.naswot_score(space.build(space[1462], seed=0), inputs)
>>> score.num_units
901120
"""
