# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Figure 2: codes and linear regions
#
# A network of rectified linear units is linear wherever no unit changes between active and inactive. The paper
# writes down which units are active as a binary code, one bit a unit: two inputs with the same code lie in the
# same linear region, and the network cannot treat them differently except linearly. The score of
# {eq}`eq-score` counts in how many bits the codes of different images differ.
#
# This page draws that picture for a real network: two inputs, so that the plane shows every input there is,
# and two layers of three ReLU units each with random weights. The codes come from
# `naswotlib.scoring.watch.activation_codes`, the function that every score in this book comes from.

# %% tags=["parameters"]
seed: int = 0  # of the network's weights and biases; any other draws another network
units_a: int = 3  # ReLU units of the first layer
units_b: int = 3  # ReLU units of the second layer
resolution: int = 500  # points of the grid along each side
extent: float = 2.0  # both inputs run from -extent to extent

# %% tags=["hide-input"]
import matplotlib.pyplot as plt
import torch
from myst_nb import glue
from torch import nn

from naswotbook.plots import fig2
from naswotbook.provenance import Provenance
from naswotlib.scoring.watch import activation_codes

page = Provenance(globals())

# %% [markdown]
# ## The network
#
# Weights have the spread of He's initialisation; biases are random too, since without them every unit of the
# first layer would split the plane through its middle.

# %%
rng = torch.Generator().manual_seed(seed)
network = nn.Sequential(
    nn.Linear(2, units_a), nn.ReLU(), nn.Linear(units_a, units_b), nn.ReLU()
)
with torch.no_grad():
    for layer in (network[0], network[2]):
        layer.weight.normal_(0, (2 / layer.in_features) ** 0.5, generator=rng)
        layer.bias.normal_(0, 0.5, generator=rng)

# %%
axis = torch.linspace(-extent, extent, resolution)
points = torch.cartesian_prod(axis, axis).flip(1)  # rows of the grid are the second input
bits = (
    activation_codes(network, points)
    .unpacked()
    .reshape(resolution, resolution, units_a + units_b)
)

figure = fig2(
    bits[..., :units_a], bits[..., units_a:], extent=(-extent, extent, -extent, extent)
)
regions_a = len({tuple(code) for code in bits[..., :units_a].reshape(-1, units_a)})
regions = len({tuple(code) for code in bits.reshape(-1, units_a + units_b)})
glue("fig2", figure, display=False)
glue("regions_a", regions_a, display=False)
glue("regions", regions, display=False)
plt.close(figure)

# %% [markdown]
# ```{glue:figure} fig2
# ---
# name: fig-2
# alt: >-
#   Four panels of a plane. In the first and third, small squares are each split into an active and an inactive part
#   by one unit. In the second and fourth, the splits lie over one another and each region carries its code.
# ---
# Paper Fig. 2, drawn from a real network. **1:** each unit $A_i$ of the first layer splits the plane along a straight
# line into an active part, 1, and an inactive part, 0. **2:** together they make {glue:text}`regions_a` regions;
# bit $i$ of a region's code says whether $A_i$ is active. **3:** the units $B_i$ of the next layer split it along
# lines that bend where a unit of the first layer switches. **4:** the codes of all units name the
# {glue:text}`regions` linear regions of the network; a region too small to hold its code has none written in it.
# ```
#
# In panel 4 a region keeps the colour that it has in panel 2, in several shades. So the second layer only ever
# refines what the first has split: that is why the code is taken over all layers, and why its length
# $N_A$ in {eq}`eq-kernel` is the number of all ReLU units.

# %% tags=["remove-input"]
page
